import type { AdapterInfo } from '@webdit/gpu';
import type { BenchReport } from '@webdit/gpu/bench';
import type { PeerReport } from './peer.ts';

/** What the runner or a person asks of the page. */
export interface PageSettings {
  readonly quick: boolean;
  /** Ceilings, kernels and steps. */
  readonly kernels: boolean;
  /** Where the model for onnxruntime-web is; without, there is no peer. */
  readonly onnx: string | null;
  /** Measured forwards of each runtime. */
  readonly forwards: number;
}

export interface PageResult {
  readonly format: 'webdit-bench/1';
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly runtime: string };
  /** The adapter's own name. */
  readonly adapter: string;
  readonly adapterInfo: AdapterInfo;
  readonly crossOriginIsolated: boolean;
  readonly report: BenchReport | null;
  readonly peer: PeerReport | { readonly notRun: string };
}

/** The result as it is kept in `bench/results`: on one level. */
export function plainResult({ report, peer, ...about }: PageResult) {
  return { ...about, ...('contenders' in peer ? peer : { peer: peer.notRun }), ...report };
}

export type ShowProgress = (what: string, done: number, total: number) => void;
