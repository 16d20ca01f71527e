import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { repositoryPath } from '../../../testing/repository.ts';
import { emptyCatalogue, labelFor, readCatalogue } from './catalogue.ts';

describe('labelFor', () => {
  const classes = [
    { id: 0, label: 'cat', emoji: '🐈', tags: [] },
    { id: 1, label: 'pizza', emoji: '🍕', tags: [] },
  ];

  it('keeps a label that the model knows, else takes its first', () => {
    expect(labelFor({ ...emptyCatalogue, classes, numClasses: 2 }, 'Pizza')).toBe('Pizza');
    expect(labelFor({ ...emptyCatalogue, classes, numClasses: 2 }, '1')).toBe('cat');
  });

  it('takes ids where there are no names', () => {
    const unnamed = { ...emptyCatalogue, numClasses: 10 };
    expect(['9', '10', '-1', '1.5', '', 'pizza'].map((label) => labelFor(unnamed, label))).toEqual([
      '9',
      '0',
      '0',
      '0',
      '0',
      '0',
    ]);
  });
});

it('says that a text model is none for this page', async () => {
  const paths = ['model_index.json', 'scheduler/scheduler_config.json', 'transformer/config.json'];
  const files = paths.map((path) => {
    const file = new File([readFileSync(repositoryPath(`goldens/pixart-tiny/${path}`))], path);
    return { path: `pixart-tiny/${path}`, file };
  });
  const weights = 'transformer/diffusion_pytorch_model.safetensors';
  const file = new File([readFileSync(repositoryPath(`goldens/pixart-tiny/${weights}`))], weights);
  const source = [...files, { path: `pixart-tiny/${weights}`, file }];
  const { numClasses, failure } = await readCatalogue({ key: 'dropped:pixart-tiny', name: 'pixart-tiny', source });
  expect(numClasses).toBe(0);
  expect(failure?.message).toContain('no field for them');
});
