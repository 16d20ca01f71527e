import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { Painting } from '../../session.ts';
import { largestFile, readPictureSettings, settingsKeyword, writePictureSettings } from './picture-settings.ts';
import { PngError } from './png-text.ts';

const painting: Omit<Painting, 'image'> = {
  settings: {
    label: 'piñata 🪅\u0000',
    seed: 4294967295,
    steps: 50,
    guidance: 2.5,
    cache: 'procache:B17',
    modelUrl: 'https://models.test/dit/',
  },
  report: {
    policy: 'procache_s4x6.3x4.2x7_D6_r0.07',
    derived: false,
    steps: [],
    totals: { ms: 1 },
    flopRatio: { executed: 2 },
    device: 'webgpu',
    adapter: { vendor: 'v', architecture: 'a', device: '', description: 'A Card', isFallback: false },
    dtype: 'f16',
  },
  model: 'emoji-dit',
};
const data = Uint8Array.from({ length: 16 }, (_, i) => i);
const png = (text: Record<string, string>) => encode({ width: 2, height: 2, data, channels: 4, depth: 8, text });
const written = writePictureSettings(painting, '1.2.3');
const good = png({ Software: 'WebDiT', [settingsKeyword]: written });

/** The settings with some of their fields replaced. */
const changed = (fields: object) =>
  png({ [settingsKeyword]: JSON.stringify({ ...JSON.parse(written), label: 'pizza', ...fields }) });
const refusal = (bytes: Uint8Array) => {
  try {
    return readPictureSettings(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(PngError);
    return (error as PngError).message;
  }
};

it('come back from a PNG as they were written, whatever the letters', () => {
  expect(written).toMatch(/^[ -~]*$/);
  expect(readPictureSettings(good)).toEqual({
    ...painting.settings,
    model: 'emoji-dit',
    dtype: 'f16',
    adapter: 'A Card',
    policy: 'procache_s4x6.3x4.2x7_D6_r0.07',
    webdit: '1.2.3',
  });
});

describe('a file that is anything else is refused in one sentence', () => {
  const withByte = (bytes: Uint8Array, at: number, byte: number) =>
    Uint8Array.from(bytes, (b, i) => (i === at ? byte : b));
  const place = (text: string) => Buffer.from(good).indexOf(text);

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /^is not a PNG\.$/],
    ['a text', new TextEncoder().encode('webdit-settings'), /^is not a PNG\.$/],
    ['a PNG without settings', png({}), /^holds no settings: it was not painted here/],
    ['another case of the keyword', png({ 'Webdit-Settings': written }), /^holds no settings/],
    ['a digit changed', withByte(good, place('4294967295'), 0x39), /^is damaged: a checksum/],
    ['a chunk longer than the file', withByte(good, 8, 0x7f), /^is damaged: it ends too early/],
    ['more than 16 MB', new Uint8Array(largestFile + 1), /^is larger than 16 MB/],
    ['settings as long as a book', png({ [settingsKeyword]: 'x'.repeat(70_000) }), /^holds more than 65536 letters/],
    ['no JSON', png({ [settingsKeyword]: '{"format":' }), /cannot be read: they are not JSON/],
    ['a list', png({ [settingsKeyword]: '[]' }), /cannot be read: they are not a JSON object/],
    ['another format', changed({ format: 'webdit-settings/2' }), /their format is "webdit-settings\/2", and this page/],
    ['no label', changed({ label: undefined }), /label is missing/],
    ['an empty label', changed({ label: ' ' }), /label is " "/],
    ['a label as long as a book', changed({ label: 'x'.repeat(201) }), /label is "x{39}…/],
    ['a seed as text', changed({ seed: '7' }), /seed is "7"/],
    ['half a seed', changed({ seed: 0.5 }), /seed is 0.5/],
    ['a seed beyond numbers', changed({ seed: 2 ** 60 }), /seed is 1152921504606847000/],
    ['no steps', changed({ steps: 0 }), /steps is 0/],
    ['endless steps', changed({ steps: 1e9 }), /steps is 1000000000/],
    ['no guidance', changed({ guidance: null }), /guidance is null/],
    ['guidance beyond 32 bits', changed({ guidance: 1e39 }), /guidance is 1e\+39/],
    ['a cache of another type', changed({ cache: { policy: 'none' } }), /cache is \{"policy":"none"\}/],
    ['a model’s address as long as a book', changed({ modelUrl: 'x'.repeat(2001) }), /modelUrl is "x{39}…/],
    ['a number for a model', changed({ model: 5 }), /model is 5/],
    ['a key of a later version', changed({ negative: 'cat' }), /does not know "negative"/],
    ['a key that objects have anyway', changed({ toString: 'x' }), /does not know "toString"/],
  ])('%s', (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  it('settings twice', () => {
    // The chunk, from its length on to its checksum.
    const start = place('tEXtwebdit-settings') - 4;
    const end = start + 12 + settingsKeyword.length + 1 + written.length;
    const twice = Buffer.concat([good.subarray(0, end), good.subarray(start)]);
    expect(refusal(twice)).toMatch(/cannot be read: there are several/);
  });

  it('cut off anywhere', () => {
    for (let length = 0; length < good.length; length++) {
      expect(refusal(good.subarray(0, length))).toMatch(length < 8 ? /not a PNG/ : /ends too early/);
    }
  });

  it('noise behind a PNG’s first bytes, and every single byte of a good one changed', () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 24;
    };
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: 8 + random() }, (_, at) => (at < 8 ? (good[at] as number) : random()));
      expect(refusal(bytes)).toEqual(expect.any(String));
    }
    // Inside the settings' chunk a change is always found; elsewhere the settings may still be read, and are what they were.
    for (let at = 0; at < good.length; at++) {
      const found = refusal(withByte(good, at, (good[at] as number) ^ 1));
      if (typeof found === 'object') expect(found.label).toBe(painting.settings.label);
      if (at >= place('webdit-settings') && at < place('webdit-settings') + 20 + written.length - 4) {
        expect(found).toEqual(expect.any(String));
      }
    }
  });
});
