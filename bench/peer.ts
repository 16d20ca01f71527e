import { requireDiT, torchRandn } from '@webdit/core';
import { DiTModel, requestDevice } from '@webdit/gpu';
import { inTurn } from '@webdit/gpu/bench';
import { httpSource, openModelFolder } from '@webdit/weights';
import { openOrtWasm } from './ort-wasm.ts';
import { openOrtWebgpu } from './ort-webgpu.ts';
import { type ContenderResult, judgeOutput, medianOrNull, type PeerRatios, peerRatios } from './peer-summary.ts';

/** One forward of emoji-dit with classifier-free guidance. */
export interface Forward {
  /** `[2, 4, 16, 16]`. */
  readonly sample: Float32Array<ArrayBuffer>;
  readonly timesteps: readonly number[];
  readonly labels: readonly number[];
}

/** A runtime with the model loaded. */
export interface Contender {
  /** What a reader of its numbers must know. */
  readonly notes: readonly string[];
  /** Predicted noise `[2, 4, 16, 16]`, read back from wherever it was computed. */
  forward(): Promise<Float32Array>;
  dispose(): void | Promise<void>;
}

export interface PeerReport extends PeerRatios {
  readonly model: string;
  readonly batch: number;
  readonly dtype: 'f32';
  readonly warmUps: number;
  readonly forwards: number;
  readonly contenders: readonly ContenderResult[];
}

export interface PeerOptions {
  /** Where the page finds the model for onnxruntime-web. */
  readonly onnx: string;
  readonly model: string;
  readonly warmUps: number;
  readonly forwards: number;
  readonly onProgress: (done: number, total: number) => void;
}

const forward: Forward = {
  sample: new Float32Array(torchRandn(7, 2 * 4 * 16 * 16)),
  timesteps: [999, 500],
  labels: [7, 1008],
};

/**
 * The same forward in WebDiT and in onnxruntime-web, in turns, each first in every round once. What cannot run says why and
 * is left out.
 */
export async function runPeer({ onnx, model, warmUps, forwards, onProgress }: PeerOptions): Promise<PeerReport> {
  const bytes = new Uint8Array(await (await fetch(onnx)).arrayBuffer());
  const openers: readonly Opener[] = [
    { name: 'WebDiT', runtime: 'webdit', open: () => openOurs(model, forward) },
    { name: 'onnxruntime-web webgpu', runtime: 'ort-webgpu', open: () => openOrtWebgpu(bytes, forward, false) },
    {
      name: 'onnxruntime-web webgpu, graph capture',
      runtime: 'ort-webgpu',
      open: () => openOrtWebgpu(bytes, forward, true),
    },
    ...[1, 2].map((threads): Opener => {
      const name = `onnxruntime-web wasm, ${threads} thread${threads > 1 ? 's' : ''}`;
      return { name, runtime: 'ort-wasm', threads, open: () => openOrtWasm(bytes, forward, threads) };
    }),
  ];
  const runners: Runner[] = [];
  const rounds = warmUps + forwards;
  const total = rounds * openers.length;
  let done = 0;
  try {
    for (const opener of openers) runners.push(await open(opener));
    for (let round = 0; round < rounds; round++) {
      for (const runner of inTurn(runners, round)) {
        await runOnce(runner, round >= warmUps);
        onProgress(++done, total);
      }
    }
  } finally {
    for (const { contender } of runners) await contender?.dispose();
  }
  const [webdit, ...others] = runners;
  const ours = webdit && summarize(webdit, undefined);
  const expected = ours?.error === undefined ? webdit?.output : undefined;
  const contenders = [...(ours ? [ours] : []), ...others.map((runner) => summarize(runner, expected))];
  return { model, batch: 2, dtype: 'f32', warmUps, forwards, contenders, ...peerRatios(contenders) };
}

interface Opener {
  readonly name: string;
  readonly runtime: ContenderResult['runtime'];
  readonly threads?: number;
  open(): Promise<Contender>;
}

interface Runner {
  readonly opener: Opener;
  contender: Contender | undefined;
  output: Float32Array | undefined;
  readonly samples: number[];
  readonly notes: string[];
  error: string | undefined;
}

async function open(opener: Opener): Promise<Runner> {
  const runner: Runner = { opener, contender: undefined, output: undefined, samples: [], notes: [], error: undefined };
  try {
    runner.contender = await opener.open();
    runner.notes.push(...runner.contender.notes);
  } catch (error) {
    runner.error = textOf(error);
  }
  return runner;
}

/** A runtime that fails once has lost. */
async function runOnce(runner: Runner, counts: boolean): Promise<void> {
  if (!runner.contender || runner.error !== undefined) return;
  try {
    const start = performance.now();
    runner.output = await runner.contender.forward();
    if (counts) runner.samples.push(performance.now() - start);
  } catch (error) {
    runner.error = textOf(error);
  }
}

function summarize(runner: Runner, ours: Float32Array | undefined): ContenderResult {
  const { name, runtime, threads } = runner.opener;
  const verdict = runner.output ? judgeOutput(runner.output, ours) : { maxAbsoluteDifference: null };
  const error = runner.error ?? verdict.error;
  const samples = error === undefined ? runner.samples : [];
  return {
    name,
    runtime,
    ...(threads === undefined ? {} : { threads }),
    samples,
    ms: medianOrNull(samples),
    maxAbsoluteDifference: verdict.maxAbsoluteDifference,
    notes: runner.notes,
    ...(error === undefined ? {} : { error }),
  };
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** WebDiT as the library runs it, f32, on a device of its own. */
async function openOurs(url: string, { sample, timesteps, labels }: Forward): Promise<Contender> {
  const holder = await requestDevice(navigator.gpu);
  const folder = requireDiT(await openModelFolder(httpSource(new URL(url, location.href).href)), 'The bench');
  const model = await DiTModel.create(holder, folder.config, { weightDType: 'f32' });
  await folder.loadWeights(model.sink);
  await model.finishLoading();
  return {
    notes: ['inputs uploaded and the output read back in every forward'],
    forward: () => model.forward(sample, timesteps, labels),
    dispose() {
      model.dispose();
      holder.destroy();
    },
  };
}
