import { vaeWasmPaths } from '../packages/cli/src/vae-runtime.ts';
import { psnr } from '../packages/core/src/index.ts';
import { type DeviceHolder, DiffusionPipeline, makePairs, pathSource } from '../packages/webdit/src/node.ts';

/** A picture, and how near two copies of a model come to each other on it. */
export interface CopyComparison {
  readonly seed: number;
  readonly label: number | string;
  readonly psnrDb: number;
}

interface Job {
  readonly holder: DeviceHolder;
  readonly pictures: number;
  readonly steps: number;
  readonly onPicture?: (done: number, of: number) => void;
}

/**
 * Paints the same pictures, uncached, with two model folders, each in the dtype of its file.
 *
 * @returns how the second one's pictures differ from the first one's, over their RGB bytes.
 */
export async function compareCopies(folders: readonly [string, string], job: Job): Promise<CopyComparison[]> {
  const painted = [];
  for (const folder of folders) painted.push(await paint(folder, job, painted.length * job.pictures));
  const [first = [], second = []] = painted;
  return first.map(({ rgb, ...picture }, i) => ({ ...picture, psnrDb: psnr(second[i]?.rgb ?? [], rgb, 255) }));
}

async function paint(folder: string, { holder, pictures, steps, onPicture }: Job, before: number) {
  const pipeline = await DiffusionPipeline.fromPretrained(pathSource(folder), {
    worker: false,
    device: holder.device,
    math: 'f32',
    tune: 'never',
    vaeBackend: 'wasm',
    wasmPaths: vaeWasmPaths(),
  });
  try {
    const painted = [];
    for (const pair of makePairs(pictures, { numClasses: pipeline.info.model.numClasses, firstSeed: 0 })) {
      const { seed, label } = pair;
      const options = { seed, numInferenceSteps: steps, outputType: 'imageData' } as const;
      const { image } = await pipeline.generate({ label }, options);
      painted.push({ seed, label, rgb: image.data.filter((_, i) => i % 4 !== 3) });
      onPicture?.(before + painted.length, 2 * pictures);
    }
    return painted;
  } finally {
    await pipeline.dispose();
  }
}
