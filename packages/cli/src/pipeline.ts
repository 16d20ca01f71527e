import { DiffusionPipeline, type DType, type MathDType, type TuneWhen } from 'webdit/node';
import { type CommandLine, choiceOption, requireOption } from './arguments.ts';
import type { Output } from './command.ts';
import { openDevice } from './device.ts';
import { modelSource } from './model-source.ts';
import { vaeWasmPaths } from './vae-runtime.ts';

/** What every command that loads a pipeline takes. */
export const pipelineOptions = ['model', 'dtype', 'math', 'tune', 'adapter'];

/** How weights are stored on the GPU; undefined leaves it to the file. @throws WebDiTError `bad-argument`. */
export function dtypeOption(line: CommandLine): DType | undefined {
  return choiceOption(line, 'dtype', ['f32', 'f16', 'int8']);
}

/** What f16 weights are multiplied in; undefined leaves it to the adapter. @throws WebDiTError `bad-argument`. */
export function mathOption(line: CommandLine): MathDType | undefined {
  return choiceOption(line, 'math', ['f32', 'f16']);
}

/** Whether kernels are tuned; never, unless asked for, so that one command gives the same bytes twice. */
export function tuneOption(line: CommandLine): TuneWhen {
  return choiceOption(line, 'tune', ['auto', 'always', 'never']) ?? 'never';
}

/** Loads `--model` on `--adapter` for as long as `work` takes. */
export async function withPipeline(
  line: CommandLine,
  output: Output,
  work: (pipeline: DiffusionPipeline) => Promise<void>,
): Promise<void> {
  const model = requireOption(line, 'model');
  const dtype = dtypeOption(line);
  const math = mathOption(line);
  const tune = tuneOption(line);
  const { holder, adapter } = await openDevice(line.values.adapter);
  output.line(`adapter ${adapter}`);
  try {
    const pipeline = await DiffusionPipeline.fromPretrained(modelSource(model), {
      worker: false,
      device: holder.device,
      ...(dtype === undefined ? {} : { dtype }),
      ...(math === undefined ? {} : { math }),
      tune,
      vaeBackend: 'wasm',
      wasmPaths: vaeWasmPaths(),
      onProgress: (event) => {
        if (event.status === 'progress_total') output.progress(`loading ${event.progress.toFixed(0)} %`);
      },
    });
    try {
      await work(pipeline);
    } finally {
      await pipeline.dispose();
    }
  } finally {
    holder.destroy();
  }
}
