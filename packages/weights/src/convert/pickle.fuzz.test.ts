import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebDiTError } from '@webdit/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PickleWriter, writeCheckpoint } from '../testing/checkpoint-writer.ts';
import { scratchFolder } from '../testing/fixtures.ts';
import { readCheckpoint } from './checkpoint.ts';
import { readPickle } from './pickle.ts';
import { findStateDict } from './state-dict.ts';

// A fixed seed: a failure here is a bug, not bad luck.
const settings = { seed: 8, numRuns: 1000 };

/** A whole pickle of every kind of instruction, to be damaged. */
const whole = (() => {
  const pickle = new PickleWriter();
  const tensor = { storage: 'FloatStorage', key: '0', elements: 24, shape: [4, 6], strides: [6, 1] };
  const named = (name: string) => ({ [name]: () => void pickle.tensor(tensor) });
  return pickle
    .dict({ ema: () => void pickle.dict({ ...named('a'), ...named('b') }), steps: () => void pickle.int(3) })
    .end();
})();

/** Reads it, or is refused by `format`. Anything else is a bug. @returns whether it was read. */
function read(bytes: Uint8Array): boolean {
  try {
    findStateDict(readPickle(bytes, 'x'), 'x');
    return true;
  } catch (error) {
    if (error instanceof WebDiTError && error.code === 'format') return false;
    throw error;
  }
}

test('a damaged pickle is refused by format or read', () => {
  expect(read(whole)).toBe(true);
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(damage, fc.nat(whole.length), (changes, length) => {
      const bytes = whole.slice(0, length === 0 ? whole.length : Math.max(length, whole.length / 2));
      for (const [at, byte] of changes) bytes[at] = byte;
      read(bytes);
    }),
    settings,
  );
});

test('any instructions are refused by format or read', () => {
  const opcodes = [...'\x80\x95(01N\x88\x89JKM\x8aGX\x8c\x8dBC])t\x85\x86\x87ae}suhjqr\x94c\x93RbQ.'];
  const instruction = fc.tuple(
    fc.constantFrom(...opcodes.map((char) => char.charCodeAt(0))),
    fc.uint8Array({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(instruction, { maxLength: 60 }), (instructions) => {
      read(Uint8Array.from(instructions.flatMap(([opcode, bytes]) => [opcode, ...bytes])));
    }),
    settings,
  );
});

test('a damaged zip file is refused by format or read', async () => {
  const path = join(await scratchFolder(), 'model.pt');
  const zip = writeCheckpoint(whole, { 0: new Float32Array(24) });
  await fc.assert(
    fc.asyncProperty(fc.nat(zip.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
      const bytes = cut ? zip.slice(0, at) : zip.slice();
      if (!cut) bytes[at] = byte;
      await writeFile(path, bytes);
      const error = await readCheckpoint(path).catch((reason: unknown) => reason);
      if (error instanceof Error && !(error instanceof WebDiTError && error.code === 'format')) throw error;
    }),
    { ...settings, numRuns: 200 },
  );
});
