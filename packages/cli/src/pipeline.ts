import { DiffusionPipeline, pathSource } from 'webdit/node';
import { badUsage, type CommandLine, requireOption } from './arguments.ts';
import type { Output } from './command.ts';
import { openDevice } from './device.ts';
import { vaeWasmPaths } from './vae-runtime.ts';

/** What every command that loads a pipeline takes. */
export const pipelineOptions = ['model', 'dtype', 'adapter'];

/** How weights are stored on the GPU; undefined leaves it to the file. @throws WebDiTError `bad-argument`. */
export function dtypeOption({ values }: CommandLine): 'f32' | 'f16' | undefined {
  const { dtype } = values;
  if (dtype === undefined || dtype === 'f32' || dtype === 'f16') return dtype;
  throw badUsage(`--dtype is "${dtype}".`, 'Pass f32 or f16.');
}

/** Loads `--model` on `--adapter` for as long as `work` takes. */
export async function withPipeline(
  line: CommandLine,
  output: Output,
  work: (pipeline: DiffusionPipeline) => Promise<void>,
): Promise<void> {
  const model = requireOption(line, 'model');
  const dtype = dtypeOption(line);
  const { holder, adapter } = await openDevice(line.values.adapter);
  output.line(`adapter ${adapter}`);
  try {
    const pipeline = await DiffusionPipeline.fromPretrained(pathSource(model), {
      worker: false,
      device: holder.device,
      ...(dtype === undefined ? {} : { dtype }),
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
