import { expect, test } from 'vitest';
import { allFinite } from './finite.ts';

const infinities = { F32: [0x7f800000, 0xff800000], F16: [0x7c00, 0xfc00], BF16: [0x7f80, 0xff80] };
const nans = { F32: [0x7f800001, 0xffffffff], F16: [0x7c01, 0x7e00, 0xffff], BF16: [0x7f81, 0x7fc0, 0xffff] };
const largest = { F32: [0x7f7fffff, 0xff7fffff], F16: [0x7bff, 0xfbff], BF16: [0x7f7f, 0xff7f] };

test.each(['F32', 'F16', 'BF16'] as const)('finds what is not finite among %s, wherever it is', (dtype) => {
  const Elements = dtype === 'F32' ? Uint32Array : Uint16Array;
  for (const count of [1, 2, 3, 8, 9]) {
    for (let place = 0; place < count; place++) {
      const check = (bits: number) => {
        // Behind the elements there may be anything.
        const elements = new Elements(count + 3).fill(infinities[dtype][0]!, count);
        elements.fill(largest[dtype][1]!, 0, count);
        elements[place] = bits;
        return allFinite(dtype, elements.buffer, count);
      };
      for (const bits of [0, 1, ...largest[dtype]]) expect(check(bits)).toBe(true);
      for (const bits of [...infinities[dtype], ...nans[dtype]]) expect(check(bits)).toBe(false);
    }
  }
});

test('says nothing of integers', () => {
  expect(allFinite('I8', new Uint8Array(8).fill(255).buffer, 8)).toBe(true);
});
