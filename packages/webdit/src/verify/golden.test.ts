import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGolden, selectCases, targetsFor } from './golden.ts';

function readGolden(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../../../../goldens/${folder}/golden.json`, import.meta.url), 'utf8'));
}

describe('parseGolden', () => {
  it.each([
    ['dit-original-tiny', ['forward', 'ddim10', 'ddim25']],
    ['dit-diffusers-tiny', ['forward', 'ddim10']],
    ['emoji-dit', ['pizza', 'cat-face', 'butterfly']],
    ['procache-28-tiny', ['released', 'fora3', 'full', 'b11', 'b11_injected']],
    ['vae-tiny', ['square', 'rectangular']],
  ])('reads %s', (folder, names) => {
    const golden = parseGolden(readGolden(folder));
    expect(golden.cases.map(({ name }) => name)).toEqual(names);
  });

  const tiny = readGolden('dit-original-tiny');
  const cases = tiny.cases as Record<string, unknown>[];

  it.each([
    ['unsupported-config', 'vqvae', { ...tiny, kind: 'vqvae' }],
    ['unsupported-config', 'forward', { ...tiny, kind: 'vae' }],
    ['format', 'encoder_hidden_states', { ...tiny, kind: 'pixart' }],
    ['format', 'added_cond', { ...tiny, added_cond: { resolution: [[1, 2]], aspect_ratio: [] } }],
    ['unsupported-config', 'encode', { ...tiny, cases: [{ ...cases[0], type: 'encode' }] }],
    ['format', 'latent', { ...tiny, cases: [{ ...cases[0], type: 'decode' }] }],
    ['format', 'webdit-golden/9', { ...tiny, format: 'webdit-golden/9' }],
    ['format', 'model', { ...tiny, model: undefined }],
    ['format', 'cases', { ...tiny, cases: {} }],
    ['format', 'latents', { ...tiny, targets: { latents: 'small' } }],
    ['format', 'targets', { ...tiny, targets: null }],
    ['format', 'targets_f16', { ...tiny, targets_f16: 'loose' }],
    ['format', 'steps', { ...tiny, cases: [{ ...cases[1], steps: 0 }] }],
    ['format', 'expected', { ...tiny, cases: [{ ...cases[0], expected: undefined }] }],
    ['format', 'timesteps', { ...tiny, cases: [{ ...cases[1], timesteps: null }] }],
    ['format', 'golden.json', []],
  ])('refuses with %s, naming %s', (code, name, json) => {
    expect(() => parseGolden(json)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(name) }));
  });
});

it('selectCases takes the runs asked for, and names them when one is unknown', () => {
  const { cases } = parseGolden(readGolden('emoji-dit'));
  expect(selectCases(cases, undefined)).toEqual(cases);
  expect(selectCases(cases, ['butterfly', 'pizza']).map(({ name }) => name)).toEqual(['butterfly', 'pizza']);
  expect(() => selectCases(cases, ['dog'])).toThrow(
    expect.objectContaining({ code: 'bad-argument', remedy: 'Use some of: pizza, cat-face, butterfly.' }),
  );
});

it('targetsFor takes the targets of f16 arithmetic where the folder has them', () => {
  const golden = parseGolden(readGolden('dit-original-tiny'));
  const loose = { ...golden, targetsF16: { latents: 0.02 } };
  expect(targetsFor(golden, 'f16')).toBe(golden.targets);
  expect(targetsFor(loose, 'f16')).toEqual({ latents: 0.02 });
  expect(targetsFor(loose, 'f32')).toBe(golden.targets);
});
