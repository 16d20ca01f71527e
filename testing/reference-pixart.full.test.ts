import { expect, test } from 'vitest';
import { relativeError } from '../packages/core/src/index.ts';
import type { Caption } from '../packages/gpu/src/index.ts';
import { openPixArt } from './pixart.ts';

// Height, width and aspect ratio are those of golden.json; the plain model is not told them.
test.each(['pixart-tiny', 'pixart-tiny-microcond'])('the f64 reference of %s is the PyTorch model', async (name) => {
  const { golden, captions, reference } = await openPixArt(name);
  const [samples, expected] = [golden('x'), golden('out')];
  const resolution = { height: 512, width: 768, aspectRatio: 2 / 3 };
  golden('timestep').forEach((timestep, row) => {
    const part = (all: Float32Array) => all.subarray((row * all.length) / 2, ((row + 1) * all.length) / 2);
    const text = { captions: [captions[row] as Caption], resolution };
    const error = relativeError(reference().forward(part(samples), timestep, text), part(expected));
    expect(error, `row ${row}`).toBeLessThan(1e-5);
    process.stdout.write(`${name} ${row} ${error}\n`);
  });
});
