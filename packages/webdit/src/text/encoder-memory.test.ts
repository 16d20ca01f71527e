import { afterEach, expect, it, vi } from 'vitest';
import { encoderMemory, encoderRefusal, staysLoaded, textDownload } from './encoder-memory.ts';

const gib = 2 ** 30;
const file = (path: string, bytes: number | null) => ({ path, bytes });
const text = (encoder: number | null, externalData: number | null = null) => ({
  tokenizer: file('tokenizer/tokenizer.json', 20),
  tokenizerConfig: file('tokenizer/tokenizer_config.json', 3),
  encoder: file('text_encoder/model.onnx', encoder),
  externalData: externalData === null ? null : file('text_encoder/model.onnx_data', externalData),
});
afterEach(() => vi.unstubAllGlobals());

it('counts weights inside the model twice, those beside it once', () => {
  expect([encoderMemory(text(100)), encoderMemory(text(10, 100))]).toEqual([200, 120]);
  expect([textDownload(text(100)), textDownload(text(10, 100)), textDownload(text(null))]).toEqual([123, 133, null]);
});

it.each([
  ['more than ONNX can hold', text(2 * gib), null, 'it has 2048.0 MiB, and one file of ONNX has less than 2048.0 MiB'],
  [
    'more than WebAssembly has',
    text(1, 4 * gib),
    null,
    'it takes 4096.0 MiB, and WebAssembly has less than 4096.0 MiB',
  ],
  [
    'more than half of the device',
    text(1.5 * gib),
    4 * gib,
    'it takes 3072.0 MiB, more than half of the 4096.0 MiB that this device has',
  ],
])('refuses %s, and offers embeddings', (_, large, device, why) => {
  const refusal = encoderRefusal(large, device);
  expect(refusal).toMatchObject({
    code: 'out-of-memory',
    message: `The text encoder text_encoder/model.onnx is too large: ${why}.`,
    remedy: expect.stringContaining('{ promptEmbeds }'),
  });
});

it('takes what fits, and lets it stay where it is small', () => {
  expect(encoderRefusal(text(gib), 4 * gib)).toBeNull();
  expect(encoderRefusal(text(null), 4 * gib)).toBeNull();
  expect([staysLoaded(text(gib / 4), 4 * gib), staysLoaded(text(gib / 4 + 1), 4 * gib)]).toEqual([true, false]);
});

it('asks the browser how much memory there is, where it tells', () => {
  vi.stubGlobal('navigator', { deviceMemory: 2 });
  expect(encoderRefusal(text(gib))).not.toBeNull();
  vi.stubGlobal('navigator', {});
  expect(encoderRefusal(text(gib))).toBeNull();
  expect(staysLoaded(text(gib / 2))).toBe(true);
});
