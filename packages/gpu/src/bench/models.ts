import { type DiTConfig, ditXl2, idleMove, type RunPlan, type StepPlan, tokenCount } from '@webdit/core';

/** A model whose shapes are measured; its weights are noise. */
export interface BenchModel {
  readonly name: string;
  readonly config: DiTConfig;
  /** The model whose steps this smaller one's are encoded for. */
  readonly standsFor?: DiTConfig;
}

/** The bundled model, `models/emoji-dit`. */
export const emojiDiT: BenchModel = {
  name: 'emoji-dit',
  config: {
    ...ditXl2,
    inputSize: 16,
    outChannels: 4,
    hiddenSize: 256,
    depth: 8,
    numHeads: 4,
    mlpHiddenSize: 1024,
    numClasses: 1008,
    learnSigma: false,
    guidanceChannels: 4,
  },
};

export const ditXL2: BenchModel = { name: 'DiT-XL/2 256', config: ditXl2 };

/** As many blocks and tokens as DiT-XL/2 has, on one head of its 16: encoding it costs the CPU the same where no dispatch is cut. */
export const narrowXL2: BenchModel = {
  name: 'DiT-XL/2 256, width 72',
  config: { ...ditXL2.config, hiddenSize: 72, numHeads: 1, mlpHiddenSize: 288 },
  standsFor: ditXL2.config,
};

/** Rows of a picture with classifier-free guidance. */
export const batch = 2;

/** The steps of a usual run; the modulation table is computed for as many of them at once as fit. */
const steps = 50;

/** Share of the tokens a selective step recomputes in the deepest quarter of the blocks. */
const tokenRatio = 0.07;

export const selectedTokens = (config: DiTConfig) => Math.max(1, Math.floor(tokenRatio * tokenCount(config)));

/**
 * A run of 50 steps that has every kind of step; the kinds that matter come first.
 * @param deepLayers how many of the deepest blocks recompute tokens; with 0 the fourth step reuses.
 */
export function benchPlan(config: DiTConfig, deepLayers = 1): RunPlan {
  const layers = Array.from({ length: config.depth }, (_, layer) => layer);
  const deep = layers.slice(config.depth - deepLayers);
  const mlpTokens = layers.map((layer) => (deep.includes(layer) ? selectedTokens(config) : 0));
  const kinds = [
    { kind: 'full' },
    { kind: 'full', storesCache: true, scoreLayers: deep },
    { kind: 'reuse' },
    ...(deepLayers > 0 ? [{ kind: 'selective', mlpTokens } as const] : []),
  ] as const;
  const at = (n: number): StepPlan => ({
    ...(kinds[n] ?? { kind: 'reuse' }),
    ...idleMove,
    n,
    timestep: 999 - 20 * n,
    // Latents keep their size however often a step is repeated.
    sample: 0.5,
    prediction: 0.5,
    checkpoint: false,
    flops: 0,
  });
  return {
    format: 'webdit-plan/1',
    policy: 'bench',
    derived: false,
    sampler: 'none',
    guidance: { scale: 2, channels: config.guidanceChannels },
    labels: [0, config.numClasses],
    selection: { score: 'attention', staleness: null, bonus: null, shareCfg: false },
    steps: Array.from({ length: steps }, (_, n) => at(n)),
  };
}
