import type { AdapterInfo, KernelCheck, TuningInfo } from '@webdit/gpu';
import type { BenchReport } from '@webdit/gpu/bench';
import type { DType, MathDType } from '../types.ts';
import type { TensorCheck } from '../verify/checks.ts';

interface Diagnosis<E> {
  /** When it throws, the work stops and rejects with what it threw. */
  readonly onProgress?: (event: E) => void;
  /** Stops the work, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** How far a verification is. */
export interface VerifyEvent {
  /** Cases done, of those that are run. */
  readonly done: number;
  readonly total: number;
  /** The case that runs now; null at the end. */
  readonly case: string | null;
  /** What has been checked so far. */
  readonly checks: readonly TensorCheck[];
}

/** What to verify, and whom to tell. */
export interface VerifyOptions extends Diagnosis<VerifyEvent> {
  /** Names of cases; all by default. */
  readonly cases?: readonly string[];
  /** Runs only so many steps of each sample. */
  readonly steps?: number;
}

/** How this device computes, held against the golden numbers. */
export interface VerifyResult {
  /** Every tensor is within its target. */
  readonly ok: boolean;
  readonly checks: readonly TensorCheck[];
  /** The check nearest to failing, or furthest beyond. */
  readonly worst: TensorCheck;
  /** What made the golden's numbers, in its own words. */
  readonly reference: string | null;
  /** How weights are stored, and what they are multiplied in: targets differ by it. */
  readonly dtype: DType;
  readonly math: MathDType;
  /** Kernel variants of the last run, by op. */
  readonly kernels: Readonly<Record<string, string>>;
}

/** How far the check of the kernels is. */
export interface CheckKernelsEvent {
  readonly done: number;
  readonly total: number;
  readonly check: KernelCheck;
}

/** Whom to tell, and when to stop. */
export type CheckKernelsOptions = Diagnosis<CheckKernelsEvent>;

/** Which kernels compute right on this device. */
export interface CheckKernelsResult {
  /** Every variant computes what it should. */
  readonly ok: boolean;
  readonly checks: readonly KernelCheck[];
  /** What `info.tuning` says from now on. */
  readonly tuning: TuningInfo;
}

/** How far a benchmark is. */
export interface BenchmarkEvent {
  /** What is measured. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** What to measure, and whom to tell. */
export interface BenchmarkOptions extends Diagnosis<BenchmarkEvent> {
  /** Small probes and few rounds, without the kernels one by one: seconds, and rougher numbers. Default true. */
  readonly quick?: boolean;
}

/** Format of the files in `bench/results`; the models measured are the loaded one. */
export interface BenchmarkResult extends BenchReport {
  readonly format: 'webdit-bench/1';
  readonly quick: boolean;
  readonly model: string;
  readonly adapterInfo: AdapterInfo;
  readonly dtype: DType;
  readonly math: MathDType;
}

/** What a pipeline can be asked about itself: request and result are plain data, and cross to the worker. */
export interface Diagnoses {
  readonly verify: {
    /** The golden folder's absolute URL. */
    readonly request: { readonly url: string; readonly cases: readonly string[] | null; readonly steps: number | null };
    readonly event: VerifyEvent;
    readonly result: VerifyResult;
  };
  readonly checkKernels: {
    readonly request: null;
    readonly event: CheckKernelsEvent;
    readonly result: CheckKernelsResult;
  };
  readonly benchmark: {
    readonly request: { readonly quick: boolean };
    readonly event: BenchmarkEvent;
    readonly result: BenchmarkResult;
  };
}

export type DiagnosisName = keyof Diagnoses;

export interface DiagnosisHooks<N extends DiagnosisName> {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (event: Diagnoses[N]['event']) => void;
}
