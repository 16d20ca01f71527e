import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathSource } from '@webdit/weights/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DiffusionPipeline } from 'webdit/node';
import { testDevice } from '../../../../testing/gpu.ts';
import { writeVaeFolder } from '../../../../testing/vae-folder.ts';
import { webdit } from '../testing/command.ts';

const { WEBDIT_ADAPTER: adapter = 'default' } = process.env;
const side = 16;

interface PreviewFile {
  readonly factors: number[][];
  readonly bias: number[];
  readonly fitted: { readonly residual: number };
}

let folder: string;
beforeAll(async () => {
  folder = await writeVaeFolder();
  await rm(join(folder, 'manifest.json'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Pearson's correlation. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const dot = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
}

/** Mean colours of the squares that latent pixels decode to, [-1, 1]. */
function meanColours({ width, data }: { width: number; data: ArrayLike<number> }): number[] {
  const scale = width / side;
  return Array.from({ length: 3 * side * side }, (_, i) => {
    const [colour, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    let sum = 0;
    for (let dy = 0; dy < scale; dy++) {
      for (let dx = 0; dx < scale; dx++)
        sum += data[4 * ((y * scale + dy) * width + x * scale + dx) + colour] as number;
    }
    return sum / scale ** 2 / 127.5 - 1;
  });
}

test('a map fitted to the VAE of a diffusers folder gives previews, near to pictures it has not seen', async () => {
  const out = join(folder, 'vae/preview.json');
  const settings = ['--pairs', '8', '--steps', '3', '--guidance', '1', '--seed', '100'];
  const run = await webdit('fit-preview', '--model', folder, '--adapter', adapter, ...settings, '--out', out);
  expect(run.code, run.stderr).toBe(0);
  const map = JSON.parse(await readFile(out, 'utf8')) as PreviewFile;

  const load = async () => {
    const { device } = await testDevice();
    return DiffusionPipeline.fromPretrained(pathSource(folder), { worker: false, device, dtype: 'f32' });
  };
  const before = await load();
  expect(before.info.notes).toContainEqual(expect.stringMatching(/no previews .* webdit fit-preview/));
  await before.dispose();
  const config = join(folder, 'vae/config.json');
  await writeFile(config, JSON.stringify({ ...JSON.parse(await readFile(config, 'utf8')), preview: 'preview.json' }));
  const pipe = await load();
  expect(pipe.info.notes.join()).not.toContain('previews');

  const previews: { n: number; size: number[] }[] = [];
  const { image, latents } = await pipe.generate(
    { label: 1 },
    {
      seed: 1,
      numInferenceSteps: 3,
      guidanceScale: 1,
      outputType: 'imageData',
      onPreview: ({ n, preview: { width, height } }) => previews.push({ n, size: [width, height] }),
    },
  );
  expect(previews[0]).toEqual({ n: 0, size: [side, side] });
  const mapped = Array.from({ length: 3 * side * side }, (_, i) =>
    map.factors.reduce(
      (sum, factor, channel) =>
        sum + (factor[i % 3] as number) * (latents.data[channel * side * side + Math.floor(i / 3)] as number),
      map.bias[i % 3] as number,
    ),
  );
  const painted = meanColours(image);
  const rest = painted.map((value, i) => value - (mapped[i] as number));
  const spread = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  // Of a decoder whose weights are random a linear map explains a fifth, and no less of a picture that it was not fitted to.
  const { residual } = map.fitted;
  expect(spread(rest) / residual).toBeGreaterThan(0.9);
  expect(spread(rest) / residual).toBeLessThan(1.1);
  expect(correlation(mapped, painted)).toBeGreaterThan(0.4);
  await pipe.dispose();
});
