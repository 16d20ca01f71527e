import type { GenerateOptions, GenerateResult, LabelInput, PipelineInfo } from '../types.ts';

/** What the lab needs of a pipeline; every `DiffusionPipeline` is one, in Node, on a page or behind a worker. */
export interface LabPipe {
  readonly info: PipelineInfo;
  /** As `DiffusionPipeline.generate`. */
  generate(
    input: LabelInput,
    options: GenerateOptions<'imageData' | 'latent'>,
  ): Promise<GenerateResult<'imageData' | 'latent'>>;
}

/** One picture to draw: the same seed and label for everything that is compared. */
export interface LabPair {
  readonly seed: number;
  /** Class id, name or emoji. */
  readonly label: number | string;
}

/** The adapter as one line, for tables and files. */
export function adapterName({ adapter }: Pick<PipelineInfo, 'adapter'>): string {
  const { description, device, vendor, architecture } = adapter;
  return description || device || `${vendor} ${architecture}`.trim() || 'unknown adapter';
}

/**
 * Pairs that cover the classes evenly however many there are: pair i has seed `firstSeed + i`, and the label that i steps of the
 * golden ratio lead to, or the i-th of `labels`, over and over. The first of twenty pairs are the ten pairs.
 */
export function makePairs(
  count: number,
  from: { readonly numClasses: number; readonly firstSeed: number; readonly labels?: readonly (number | string)[] },
): LabPair[] {
  const golden = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: count }, (_, i) => {
    const seed = from.firstSeed + i;
    const spread = Math.floor(((seed * golden) % 1) * from.numClasses);
    return { seed, label: from.labels?.[i % from.labels.length] ?? spread };
  });
}
