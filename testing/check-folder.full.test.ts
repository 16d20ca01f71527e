import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { relativeError, torchRandn } from '../packages/core/src/index.ts';
import { parseSafetensors, tensorToFloat32 } from '../packages/weights/src/index.ts';
import { checkFolder, makeCheckFolder, openReference } from './check-folder.ts';
import { repositoryPath, tensorsOf } from './repository.ts';

// The f64 reference takes about 40 s for it all.
const timeout = 600_000;

test('the demo’s golden folder is what its maker makes', { timeout }, async () => {
  const { golden, tensors } = await makeCheckFolder();
  expect(JSON.parse(readFileSync(repositoryPath(`${checkFolder}/golden.json`), 'utf8'))).toEqual(golden);
  const kept = parseSafetensors(readFileSync(repositoryPath(`${checkFolder}/golden.safetensors`)));
  expect([...kept.keys()].sort()).toEqual(Object.keys(tensors).sort());
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const tensor = kept.get(name);
    expect(tensor?.shape, name).toEqual(shape);
    // Math.exp and its like may differ in the last bit from engine to engine.
    expect(relativeError(tensorToFloat32(tensor as never), data as Float32Array), name).toBeLessThan(1e-6);
  }
});

test('the f64 reference does what the PyTorch model does', { timeout }, async () => {
  const { reference, planOf } = await openReference();
  const golden = tensorsOf('goldens/emoji-dit/golden.safetensors');
  const plan = planOf('none', 50);
  const { latents } = reference.run({ ...plan, steps: plan.steps.slice(0, 4) }, golden('pizza_init'));
  const expected = golden('pizza_latents');
  latents.forEach((step, n) => {
    const error = relativeError(step, expected.subarray(n * step.length, (n + 1) * step.length));
    // Measured: 5.2e-7 at most, which is PyTorch's f32 arithmetic.
    expect(error, `step ${n}`).toBeLessThan(2e-6);
  });
});

test('no selection hangs on a rounding: latents that are a little off select the same tokens', {
  timeout,
}, async () => {
  const { reference, planOf } = await openReference();
  const init = tensorsOf('goldens/emoji-dit/golden.safetensors')('pizza_init');
  const noise = torchRandn(1, init.length);
  const off = init.map((value, i) => value + 1e-4 * (noise[i] as number));
  const { cases } = JSON.parse(readFileSync(repositoryPath(`${checkFolder}/golden.json`), 'utf8'));
  const selective = cases.filter((one: { expected_tokens?: unknown }) => one.expected_tokens);
  expect(selective).toHaveLength(2);
  for (const { cache, expected_tokens } of selective) {
    const { tokens } = reference.run(planOf(cache), off);
    const sets = [...tokens].map(([place, rows]) => {
      const [n, layer] = place.split('.').map(Number);
      return { n, layer, rows: rows.map((ids) => [...ids].sort((a, b) => a - b)) };
    });
    const sorted = expected_tokens.map((set: { rows: number[][] }) => {
      return { ...set, rows: set.rows.map((ids) => [...ids].sort((a, b) => a - b)) };
    });
    expect(sets).toEqual(sorted);
  }
});
