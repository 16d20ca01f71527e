/** What makes a picture. The page's address carries it, so that a link reproduces the picture. */
export interface Settings {
  readonly label: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
  /** Cache policy, as `generate` takes it: `none`, `fora:3`, `procache`, `procache:B17`. */
  readonly cache: string;
  /** Key of the model: empty for the page's own. See models/model-choice.ts. */
  readonly modelUrl: string;
}

export const defaults: Settings = { label: 'pizza', seed: 0, steps: 50, guidance: 3, cache: 'procache', modelUrl: '' };

/** Reads `label=pizza&seed=7&steps=50&guidance=3&cache=none&model=https://…`; what is missing keeps its default. Wrong values stay wrong. */
export function parseSettings(query: string): Settings {
  const params = new URLSearchParams(query);
  const number = (key: 'seed' | 'steps' | 'guidance') => {
    const text = params.get(key);
    return text === null ? defaults[key] : parseNumber(text);
  };
  return {
    label: params.get('label') || defaults.label,
    seed: number('seed'),
    steps: number('steps'),
    guidance: number('guidance'),
    cache: params.get('cache') || defaults.cache,
    modelUrl: params.get('model') ?? defaults.modelUrl,
  };
}

export function formatSettings({ label, seed, steps, guidance, cache, modelUrl: model }: Settings): string {
  const params = new URLSearchParams();
  const named = { label, seed, steps, guidance, cache, ...(model ? { model } : {}) };
  for (const [key, value] of Object.entries(named)) params.set(key, String(value));
  return String(params);
}

/** What an input field holds; NaN for an empty one, which the pipeline then refuses by name. */
export function parseNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** A seed of ten digits at most: short enough to read out loud. */
export function rollSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}
