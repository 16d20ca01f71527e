import { fileURLToPath } from 'node:url';
import { pathSource } from '@webdit/weights/node';
import { expect, it } from 'vitest';
import { readPizza } from '../../../../testing/pizza.ts';
import { DiffusionPipeline } from '../pipeline.ts';

const folder = fileURLToPath(new URL('../../../../models/emoji-dit', import.meta.url));

it('paints over a picture on the processor: the encoder comes and goes beside the transformer', {
  timeout: 60_000,
}, async () => {
  const pipe = await DiffusionPipeline.fromPretrained(pathSource(folder), { worker: false, device: 'wasm' });
  const image = await readPizza();
  const options = { seed: 1, numInferenceSteps: 2, guidanceScale: 1, outputType: 'imageData' } as const;
  const paint = async (more: object) => {
    const { image: painted, report } = await pipe.generate({ label: 'butterfly' }, { ...options, ...more });
    return { rgba: painted.data.join(), steps: report.steps.length };
  };
  const plain = await paint({});
  const half = await paint({ image, strength: 0.5 });
  expect([plain.steps, half.steps, (await paint({ image, strength: 0 })).steps]).toEqual([2, 1, 0]);
  expect(half.rgba).not.toBe(plain.rgba);
  expect(await paint({ image, strength: 0.5 })).toEqual(half);
  expect(await paint({ image, strength: 1 })).toEqual(plain);
  await pipe.dispose();
});
