import { describe, expect, it } from 'vitest';
import { checkBenchmark, checkCheckKernels, checkVerify } from './arguments.ts';

const url = 'https://example.org/check/';

describe('the options of a diagnosis', () => {
  it('become plain data, with defaults', () => {
    expect(checkVerify(url, {})).toEqual({ url, cases: null, steps: null });
    expect(checkVerify(new URL(url), { cases: ['none'], steps: 2 })).toEqual({ url, cases: ['none'], steps: 2 });
    expect(checkCheckKernels({ signal: new AbortController().signal })).toBeNull();
    expect(checkBenchmark({})).toEqual({ quick: true });
    expect(checkBenchmark({ quick: false })).toEqual({ quick: false });
  });

  const refused: [string, () => unknown, string][] = [
    ['a golden that is no URL', () => checkVerify(7 as never, {}), 'golden is 7.'],
    ['a relative URL where there is no page', () => checkVerify('check', {}), '"check" is not a URL.'],
    ['cases that are no names', () => checkVerify(url, { cases: [1] as never }), 'cases is '],
    ['no steps', () => checkVerify(url, { steps: 0 }), 'steps is 0.'],
    ['an unknown option', () => checkVerify(url, { runs: [] } as never), 'verify() has no option "runs".'],
    ['a signal that is none', () => checkCheckKernels({ signal: 1 as never }), 'signal is 1.'],
    ['onProgress that is no function', () => checkCheckKernels({ onProgress: 1 as never }), 'onProgress is 1.'],
    ['quick that is no boolean', () => checkBenchmark({ quick: 'yes' as never }), 'quick is "yes".'],
    ['options that are no object', () => checkBenchmark(null as never), 'The options of benchmark() are null.'],
  ];
  it.each(refused)('refuse %s', (_, check, message) => {
    expect(check).toThrow(expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(message) }));
  });
});
