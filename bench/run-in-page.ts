import { type AdapterInfo, requestDevice } from '@webdit/gpu';
import { type BenchReport, runBench } from '@webdit/gpu/bench';
import { type PeerReport, runPeer } from './peer.ts';

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

/** The whole benchmark, on the page's own thread. */
export async function runInPage(
  { quick, kernels, onnx, forwards }: PageSettings,
  onProgress: ShowProgress,
): Promise<PageResult> {
  const holder = await requestDevice(navigator.gpu);
  const { adapterInfo } = holder;
  let report: BenchReport | null = null;
  try {
    if (kernels) report = await runBench(holder, { quick, onProgress });
  } finally {
    holder.destroy();
  }
  const peer =
    onnx === null
      ? { notRun: 'not run here: give --onnx FILE' }
      : await runPeer({
          onnx,
          model: '/models/emoji-dit',
          warmUps: 3,
          forwards,
          onProgress: (done, total) => onProgress('forwards', done, total),
        });
  return {
    format: 'webdit-bench/1',
    date: new Date().toISOString(),
    machine: { cpu: 'unknown to a page', cores: navigator.hardwareConcurrency, runtime: navigator.userAgent },
    adapter: nameOf(adapterInfo),
    adapterInfo,
    crossOriginIsolated,
    report,
    peer,
  };
}

export function nameOf({ description, device, vendor, architecture }: AdapterInfo): string {
  return description || device || `${vendor} ${architecture}`.trim() || 'unknown adapter';
}
