import type { SelectionSpec } from '../../plan.ts';
import type { ProCacheMode, RatioSchedule } from '../../schedule/settings.ts';
import type { ModelSpec } from '../policy.ts';

/** How many tokens selective steps recompute, and which. */
export interface SelectiveRule extends SelectionSpec {
  readonly tokenRatio: number;
  readonly ratioSchedule: RatioSchedule;
}

/** The mode of a `procache` that names none: the one the published numbers were made with. */
export const defaultMode: ProCacheMode = 'released';

/** How each mode of `procache` chooses tokens on a DiT, where settings do not say otherwise. Source: docs/procache.md 3. */
export const presets: Readonly<Record<ProCacheMode, SelectiveRule>> = {
  // the authors' DiT script: docs/procache.md 3
  released: {
    tokenRatio: 0.07,
    ratioSchedule: 'toca-ddim50',
    score: 'attention',
    staleness: { weight: 0.25, period: 4 },
    bonus: { window: 2, ratio: 0.6 },
    shareCfg: false,
  },
  // the paper's text: docs/procache.md 3
  paper: {
    tokenRatio: 0.07,
    ratioSchedule: 'constant',
    score: 'value-norm',
    staleness: null,
    bonus: null,
    shareCfg: false,
  },
};

/** The same on a PixArt, where the pair of rows shares its choice. Source: docs/procache.md 3. */
export const pixArtPresets: typeof presets = {
  // the authors' PixArt script
  released: {
    tokenRatio: 0.3,
    ratioSchedule: 'toca-pixart',
    score: 'cross-entropy',
    staleness: { weight: 0.25, period: 3 },
    bonus: { window: 4, ratio: 0.4 },
    shareCfg: true,
  },
  paper: { ...presets.paper, tokenRatio: 0.3, shareCfg: true },
};

/** The modes of `procache` on this kind of model. */
export function presetsOf(kind: ModelSpec['kind']): typeof presets {
  return kind === 'pixart' ? pixArtPresets : presets;
}

/** The first of the deepest quarter of the layers. */
export function defaultDeepLayerStart(depth: number): number {
  return Math.floor(0.75 * depth);
}

/** Whether the windows of a bonus tile the model's grid of tokens. */
export function fitsGrid(bonus: NonNullable<SelectionSpec['bonus']>, { rows, columns }: ModelSpec['grid']): boolean {
  return rows % bonus.window === 0 && columns % bonus.window === 0;
}

/** The sides of a grid of tokens, as errors name them. */
export function printSides({ rows, columns }: ModelSpec['grid']): string {
  return rows === columns ? `${rows} tokens per side` : `${rows} x ${columns} tokens`;
}
