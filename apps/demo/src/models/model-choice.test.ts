import { describe, expect, it } from 'vitest';
import { droppedModel, droppedName, modelAt, ownModel } from './model-choice.ts';

const base = 'http://localhost:8000/demo/';

describe('modelAt', () => {
  it('takes https, and whatever comes from where the page does', () => {
    expect(modelAt(' https://models.test/dit-xl/ ', base)).toMatchObject({
      key: 'https://models.test/dit-xl/',
      name: 'dit-xl',
    });
    expect(modelAt('../other%20model/model.safetensors?v=2#x', base)).toMatchObject({
      key: 'http://localhost:8000/other%20model/model.safetensors?v=2',
      name: 'model.safetensors',
    });
    expect(modelAt('https://models.test', base).name).toBe('models.test');
    expect(modelAt('hf:owner/name@v1', base)).toMatchObject({ key: 'hf:owner/name@v1', name: 'name@v1' });
    expect(modelAt('https://models.test/%E0%A4%A', base).name).toBe('%E0%A4%A');
  });

  it.each([
    ['http://models.test/dit/', /over https only/],
    ['http://localhost:8001/dit/', /over https only/],
    ['javascript:alert(1)', /over https only/],
    ['data:text/plain,x', /over https only/],
    ['file:///etc/passwd', /over https only/],
    ['https://me:secret@models.test/', /user name or password/],
    ['https://', /is no address/],
    ['', /is no address/],
  ])('refuses %s', (address, says) => {
    expect(() => modelAt(address, base)).toThrow(says);
  });
});

it('names the page’s own model by its folder, and leaves it out of addresses', () => {
  expect(ownModel(new URL('models/emoji-dit/', base))).toMatchObject({ key: '', name: 'emoji-dit' });
});

it('names a dropped folder by itself, a dropped file by its name', () => {
  const file = new Blob();
  expect(droppedModel([{ path: 'tiny/config.json', file }])).toMatchObject({ key: 'dropped:tiny', name: 'tiny' });
  const alone = [
    { path: 'config.json', file },
    { path: 'w.safetensors', file },
  ];
  expect(droppedModel(alone).name).toBe('w.safetensors');
  expect(droppedName('dropped:tiny')).toBe('tiny');
  expect(droppedName('https://models.test/')).toBeNull();
});
