import { afterEach, expect, it, vi } from 'vitest';
import { encoderMemory, encoderRefusal, planText, staysLoaded, textDownload } from './encoder-memory.ts';

const gib = 2 ** 30;
const file = (path: string, bytes: number | null) => ({ path, bytes });
const text = (encoder: number | null, externalData: number | null = null) => ({
  tokenizer: file('tokenizer/tokenizer.json', 20),
  tokenizerConfig: file('tokenizer/tokenizer_config.json', 3),
  encoder: file('text_encoder/model.onnx', encoder),
  externalData: externalData === null ? null : file('text_encoder/model.onnx_data', externalData),
});
afterEach(() => vi.unstubAllGlobals());

it('counts what onnxruntime was measured to take', () => {
  const mib = 2 ** 20;
  // 582 and 144 MiB were.
  expect(encoderMemory(text(272 * mib)) / mib).toBeCloseTo(595.2, 1);
  expect(encoderMemory(text(0, 112 * mib)) / mib).toBeCloseTo(147.2, 1);
  expect([textDownload(text(100)), textDownload(text(10, 100)), textDownload(text(null))]).toEqual([123, 133, null]);
});

it.each([
  ['more than ONNX can hold', text(2 * gib), null, 'it has 2048.0 MiB, and one file of ONNX has less than 2048.0 MiB'],
  [
    'more than WebAssembly has',
    text(1, 4 * gib),
    null,
    'it takes 4529.6 MiB, and WebAssembly has less than 4096.0 MiB',
  ],
  [
    'more than half of the device',
    text(1.5 * gib),
    4 * gib,
    'it takes 3249.6 MiB, more than half of the 4096.0 MiB that this device has',
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
  expect(encoderRefusal(text(0.9 * gib), 4 * gib)).toBeNull();
  expect(encoderRefusal(text(null), 4 * gib)).toBeNull();
  expect([0.22, 0.24].map((share) => staysLoaded(text(share * gib), 4 * gib))).toEqual([true, false]);
});

it('asks the browser how much memory there is, where it tells', () => {
  vi.stubGlobal('navigator', { deviceMemory: 2 });
  expect(encoderRefusal(text(gib))).not.toBeNull();
  vi.stubGlobal('navigator', {});
  expect(encoderRefusal(text(gib))).toBeNull();
  expect(staysLoaded(text(0.4 * gib))).toBe(true);
  expect(planText(text(2 * gib))).toMatchObject({ download: 2 * gib + 23, refusal: { code: 'out-of-memory' } });
  expect([planText(text(9))?.refusal, planText(null)]).toEqual([null, null]);
});
