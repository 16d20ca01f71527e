/** How a matmul kernel is tiled. Its name says all of it: `register-16x8.8x4` is 16 rows x 8 columns on 8 x 4 invocations. */
export interface MatmulTiling {
  readonly name: string;
  /**
   * What the tile lives in: `register` reads memory directly, `workgroup` through workgroup memory, `split-k` shares K out
   * among the invocations of a workgroup, for few rows.
   */
  readonly memory: 'register' | 'workgroup' | 'split-k';
  /** Rows one invocation computes, a multiple of 4. */
  readonly rows: number;
  /** Columns one invocation computes, a multiple of 4. */
  readonly columns: number;
  /** Workgroup size: invocations along the columns, and along the rows (`split-k`: along K). */
  readonly lanes: readonly [x: number, y: number];
  /** k's of one tile in workgroup memory, a multiple of 4; 0 without. */
  readonly depth: number;
  /** The invocations of a quad load input rows for each other. */
  readonly subgroups: boolean;
}

type Size = readonly [number, number];

function named(tiling: Omit<MatmulTiling, 'name'>): MatmulTiling {
  const { memory, rows, columns, lanes, depth, subgroups } = tiling;
  const kind = subgroups ? 'subgroups' : memory;
  const name = `${kind}-${rows}x${columns}.${lanes[0]}x${lanes[1]}${depth > 0 ? `.k${depth}` : ''}`;
  return { name, ...tiling };
}

export function registerTiling([rows, columns]: Size, lanes: Size): MatmulTiling {
  return named({ memory: 'register', rows, columns, lanes, depth: 0, subgroups: false });
}

/** `lanes[0]` must be a multiple of 4: a quad shares its rows. */
export function subgroupTiling([rows, columns]: Size, lanes: Size): MatmulTiling {
  return named({ memory: 'register', rows, columns, lanes, depth: 0, subgroups: true });
}

export function workgroupTiling([rows, columns]: Size, lanes: Size, depth: number): MatmulTiling {
  return named({ memory: 'workgroup', rows, columns, lanes, depth, subgroups: false });
}

/** `lanes[1]` parts of K; at least as many as rows. */
export function splitKTiling(rows: number, lanes: Size): MatmulTiling {
  return named({ memory: 'split-k', rows, columns: 4, lanes, depth: 0, subgroups: false });
}

/** The tile every WebGPU matmul starts from, 4 x 4 results an invocation: what the sweep measures the others against. */
export const firstTiling = workgroupTiling([4, 4], [8, 8], 16);

const each = (make: (size: Size, lanes: Size) => MatmulTiling, list: readonly (readonly [Size, Size])[]) =>
  list.map(([size, lanes]) => make(size, lanes));

/** Tilings the benchmark measures; those that earned a place are in `matmulTilings`. */
export const matmulSweep: readonly MatmulTiling[] = [
  firstTiling,
  workgroupTiling([8, 4], [8, 8], 16),
  workgroupTiling([8, 8], [8, 8], 16),
  workgroupTiling([8, 8], [16, 8], 16),
  workgroupTiling([16, 8], [8, 4], 16),
  workgroupTiling([16, 8], [8, 8], 16),
  ...each(registerTiling, [
    [
      [4, 4],
      [8, 8],
    ],
    [
      [8, 4],
      [8, 8],
    ],
    [
      [8, 4],
      [4, 16],
    ],
    [
      [16, 4],
      [8, 4],
    ],
    [
      [8, 8],
      [8, 8],
    ],
    [
      [16, 8],
      [8, 4],
    ],
    [
      [16, 8],
      [16, 2],
    ],
    [
      [32, 8],
      [8, 4],
    ],
  ]),
  ...each(subgroupTiling, [
    [
      [4, 4],
      [8, 8],
    ],
    [
      [8, 4],
      [8, 8],
    ],
    [
      [8, 4],
      [4, 16],
    ],
    [
      [8, 4],
      [16, 4],
    ],
    [
      [16, 4],
      [8, 4],
    ],
    [
      [16, 4],
      [4, 8],
    ],
    [
      [8, 8],
      [8, 8],
    ],
    [
      [8, 8],
      [4, 8],
    ],
    [
      [16, 8],
      [8, 4],
    ],
    [
      [16, 8],
      [4, 4],
    ],
    [
      [16, 16],
      [8, 4],
    ],
    [
      [16, 16],
      [4, 4],
    ],
    [
      [32, 8],
      [8, 4],
    ],
    [
      [32, 8],
      [4, 4],
    ],
  ]),
  splitKTiling(4, [8, 8]),
  splitKTiling(8, [8, 8]),
];

/** The kept ones: candidates of the tuner, and all that the static table names. */
export const matmulTilings: readonly MatmulTiling[] = [
  registerTiling([8, 4], [8, 8]),
  registerTiling([16, 8], [8, 4]),
  ...each(subgroupTiling, [
    [
      [4, 4],
      [8, 8],
    ],
    [
      [8, 4],
      [16, 4],
    ],
    [
      [8, 8],
      [8, 8],
    ],
    [
      [16, 4],
      [8, 4],
    ],
    [
      [16, 4],
      [4, 8],
    ],
    [
      [16, 8],
      [8, 4],
    ],
    [
      [16, 16],
      [4, 4],
    ],
    [
      [32, 8],
      [8, 4],
    ],
  ]),
  workgroupTiling([8, 8], [8, 8], 16),
  splitKTiling(4, [8, 8]),
];
