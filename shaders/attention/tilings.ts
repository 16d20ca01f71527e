/** How one attention kernel divides its work. Its name says all of it. */
export interface AttentionTiling {
  readonly name: string;
  /**
   * `register`: keys come straight from their buffers, without barriers; for adapters that run on the CPU.
   * `workgroup`: keys in tiles of workgroup memory; for GPUs.
   * `small`: all scores of a query in workgroup memory; for GPUs and at most `keys` keys.
   */
  readonly memory: 'register' | 'workgroup' | 'small';
  /** Queries an invocation owns. */
  readonly queries: number;
  /** Invocations of a workgroup that own different queries. */
  readonly lanes: number;
  /** Invocations that share their queries; `workgroup`: the most, since it must divide the head dim / 4. */
  readonly split: number;
  /** `register`: keys between two updates of the softmax; `small`: the most keys there may be. A multiple of 4. */
  readonly keys: number;
  /** `register`: the invocations of a quad load keys for each other, which needs the feature `subgroups`. */
  readonly subgroups: boolean;
}

/** `register-4x16.16`: 4 queries and blocks of 16 keys an invocation, 16 invocations. */
export function registerAttention(queries: number, keys: number, lanes: number): AttentionTiling {
  const name = `register-${queries}x${keys}.${lanes}`;
  return { name, memory: 'register', queries, lanes, split: 1, keys, subgroups: false };
}

/** `lanes` must be a multiple of 4: a quad shares its keys. */
export function quadAttention(queries: number, keys: number, lanes: number): AttentionTiling {
  const tiling = registerAttention(queries, keys, lanes);
  return { ...tiling, name: tiling.name.replace('register', 'quads'), subgroups: true };
}

/** `workgroup-4.16x8`: 4 queries an invocation, 16 invocations times at most 8 that share theirs. */
export function workgroupAttention(queries: number, lanes: number, split: number): AttentionTiling {
  const name = `workgroup-${queries}.${lanes}x${split}`;
  return { name, memory: 'workgroup', queries, lanes, split, keys: 0, subgroups: false };
}

/** `small-128.16x4`: at most 128 keys, 16 invocations times 4 that share a query. */
export function smallAttention(keys: number, lanes: number, split: number): AttentionTiling {
  const name = `small-${keys}.${lanes}x${split}`;
  return { name, memory: 'small', queries: 1, lanes, split, keys, subgroups: false };
}

/** The kept ones: candidates of the tuner, and what the static table names. */
export const attentionTilings = {
  /** Software adapters without subgroups. */
  register: registerAttention(8, 16, 8),
  /** Software adapters with wide vectors: lavapipe. */
  quads: quadAttention(4, 16, 16),
  /** Software adapters with vectors of four, few tokens: SwiftShader. */
  smallQuads: quadAttention(8, 32, 8),
  /** The same with many tokens. */
  largeQuads: quadAttention(8, 32, 16),
  /** GPUs. */
  workgroup: workgroupAttention(4, 16, 8),
  /** GPUs, few keys. */
  small: smallAttention(128, 16, 4),
} as const satisfies Record<string, AttentionTiling>;

/** The nearest to the first kernel of all: one query an invocation, 64 of them, keys in workgroup memory (tiles of 4; it had 16). */
export const firstAttention = workgroupAttention(1, 64, 1);

/** Tilings the benchmark measures; those that earned a place are in `attentionTilings`. */
export const attentionSweep: readonly AttentionTiling[] = [
  ...[8, 16].flatMap((lanes) =>
    [8, 16, 32].flatMap((keys) => [2, 4, 8].map((queries) => quadAttention(queries, keys, lanes))),
  ),
  ...[8, 16].flatMap((lanes) => [4, 8].map((queries) => registerAttention(queries, 8, lanes))),
  ...[8, 16].map((lanes) => registerAttention(4, 16, lanes)),
  registerAttention(8, 16, 8),
  ...[4, 8].flatMap((split) => [8, 16].map((lanes) => workgroupAttention(4, lanes, split))),
  workgroupAttention(2, 16, 8),
  firstAttention,
  ...[2, 4, 8].map((split) => smallAttention(128, 64 / split, split)),
];
