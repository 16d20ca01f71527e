import { describe, expect, it } from 'vitest';
import {
  integerOption,
  numberOption,
  readCommandLine,
  requireOption,
  seedOption,
  withoutFolders,
} from './arguments.ts';

const badArgument = expect.objectContaining({ code: 'bad-argument', message: expect.not.stringContaining('\n') });
const read = (...args: string[]) => readCommandLine(args, ['seed', 'steps', 'out'], 0);

describe('readCommandLine', () => {
  it('reads options and positionals', () => {
    expect(readCommandLine(['dir', '--out', 'a.png', '--seed=7'], ['seed', 'out'], 1)).toEqual({
      values: { out: 'a.png', seed: '7' },
      positionals: ['dir'],
      flags: new Set(),
    });
    const { values, flags } = readCommandLine(['--all', '--out', 'a.png'], ['out'], 0, ['all', 'none']);
    expect({ values, flags }).toEqual({ values: { out: 'a.png' }, flags: new Set(['all']) });
  });

  it.each([[['--nope', '1']], [['--out']], [['--seed', '--out']], [['extra']]])('refuses %j', (args) => {
    expect(() => read(...args)).toThrow(badArgument);
  });
});

it('requireOption wants a value', () => {
  expect(requireOption(read('--out', 'x'), 'out')).toBe('x');
  expect(() => requireOption(read(), 'out')).toThrow(badArgument);
  expect(() => requireOption(read('--out', ''), 'out')).toThrow(badArgument);
});

it.each(['', ' ', 'NaN', 'Infinity', 'ten', '1,5'])('numberOption refuses %j', (text) => {
  expect(() => numberOption(read('--steps', text), 'steps')).toThrow(badArgument);
});

it('integerOption keeps to its bounds', () => {
  expect(integerOption(read('--steps', '1e3'), 'steps', 1, 1000)).toBe(1000);
  expect(integerOption(read(), 'steps', 1, 1000)).toBeUndefined();
  for (const text of ['0', '1001', '2.5']) {
    expect(() => integerOption(read('--steps', text), 'steps', 1, 1000)).toThrow(badArgument);
  }
});

it('seedOption keeps all digits', () => {
  expect(seedOption(read('--seed', '7'))).toBe(7);
  expect(seedOption(read('--seed', '18446744073709551615'))).toBe(2n ** 64n - 1n);
  expect(seedOption(read())).toBeUndefined();
  for (const text of ['-1', '1.5', 'x', '', '18446744073709551616']) {
    expect(() => seedOption(read(`--seed=${text}`))).toThrow(badArgument);
  }
});

it('keeps of a path its last part', () => {
  const args = ['--quick', '--json', '/home/me/a.json', '--onnx=../b/c.onnx', '--adapter=x', 'C:\\d\\e'];
  expect(withoutFolders(args)).toEqual(['--quick', '--json', 'a.json', '--onnx=c.onnx', '--adapter=x', 'e']);
});
