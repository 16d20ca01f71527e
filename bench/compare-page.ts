import {
  type CompareProgress,
  type CompareResult,
  type CompareRow,
  type CompareState,
  comparePolicies,
  DiffusionPipeline,
  type DType,
  makePairs,
} from '../packages/webdit/src/index.ts';

/** What the runner asks of the page: plain data. */
export interface PageRequest {
  readonly model: string;
  readonly dtype: DType | undefined;
  readonly rows: readonly CompareRow[];
  readonly pairs: { readonly count: number; readonly firstSeed: number; readonly labels?: readonly string[] };
  readonly steps: number | undefined;
  readonly guidanceScale: number | undefined;
  readonly state: CompareState | undefined;
}

/** What runner and page share: the page offers `compareInPage`, the runner `onCompareProgress`. */
export interface CompareWindow {
  compareInPage(request: PageRequest): Promise<CompareResult>;
  onCompareProgress(progress: CompareProgress): Promise<void>;
}

const bench = window as unknown as CompareWindow;

/** The comparison, with the pipeline in its worker as users have it. */
bench.compareInPage = async ({ model, dtype, pairs, ...request }) => {
  const pipe = await DiffusionPipeline.fromPretrained(model, { worker: true, ...(dtype ? { dtype } : {}) });
  try {
    return await comparePolicies(pipe, {
      ...request,
      pairs: makePairs(pairs.count, { numClasses: pipe.info.model.numClasses, ...pairs }),
      onProgress: (progress) => bench.onCompareProgress(progress),
    });
  } finally {
    await pipe.dispose();
  }
};
