import { figures, type Table } from '@webdit/gpu/bench';
import type { PeerReport } from './peer.ts';

/** The runtimes side by side, WebDiT first. */
export function peerTable({ contenders, model, forwards, ratioOverOrtWebgpu }: PeerReport): Table {
  const ours = contenders.find(({ runtime }) => runtime === 'webdit')?.ms ?? Number.NaN;
  const verdict =
    ratioOverOrtWebgpu === null ? '' : `; WebDiT is ${ratioOverOrtWebgpu.toFixed(2)} x onnxruntime-web's WebGPU`;
  return {
    title: `A forward of ${model}, batch 2, f32, median of ${forwards}${verdict}`,
    header: ['runtime', 'ms', 'time over WebDiT', 'largest difference'],
    textColumns: 1,
    rows: contenders.map(({ name, ms, maxAbsoluteDifference, error }) => [
      error === undefined ? name : `${name}: ${error}`,
      ms === null ? '-' : figures(ms),
      ms === null || !Number.isFinite(ours) ? '-' : `${(ms / ours).toFixed(2)} x`,
      maxAbsoluteDifference === null ? '-' : maxAbsoluteDifference.toExponential(1),
    ]),
  };
}
