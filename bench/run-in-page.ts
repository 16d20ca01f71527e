import { type AdapterInfo, requestDevice } from '@webdit/gpu';
import { type BenchReport, runBench } from '@webdit/gpu/bench';
import { runPeer } from './peer.ts';
import type { PageResult, PageSettings, ShowProgress } from './result.ts';

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
