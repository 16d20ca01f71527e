import { describe, expect, it } from 'vitest';
import { checkImage, checkLatents, checkLine, checkTensor, checkTokens, verdict } from './checks.ts';

const f32 = (...values: number[]) => Float32Array.from(values);
const named = (tensor: string) => ({ case: 'run', tensor });
/** Steps of two values each. */
const expected = f32(3, 4, 3, 4, 3, 4);

describe('checkTensor', () => {
  it('prints the relative error against its target', () => {
    const check = checkTensor(named('out'), f32(3, 4.5), f32(3, 4), 0.2);
    expect(check).toMatchObject({ case: 'run', tensor: 'out', error: 0.1, severity: 0.5, ok: true });
    expect(checkLine(check)).toBe('run/out 1.00e-1/2.00e-1 ok');
    expect(checkLine(checkTensor(named('out'), f32(3, 6), f32(3, 4), 0.2))).toBe('run/out 4.00e-1/2.00e-1 FAIL');
  });

  it('fails on NaN, and on a wrong length', () => {
    expect(checkLine(checkTensor(named('a'), f32(Number.NaN), f32(1), 1))).toBe('run/a NaN/1.00e+0 FAIL');
    expect(() => checkTensor(named('a'), f32(1), f32(1, 2), 1)).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  });
});

describe('checkLatents', () => {
  it('holds the last step to the target', () => {
    expect(checkLine(checkLatents(named('a'), f32(3, 4, 3, 4, 3, 4.5), expected, 3, 0.05))).toBe(
      'run/a 1.00e-1/5.00e-2 FAIL (last of 3 steps)',
    );
  });

  it('holds steps on the way to three times the target', () => {
    const off = f32(3, 4, 3, 4.5, 3, 4);
    expect(checkLine(checkLatents(named('a'), off, expected, 3, 0.05))).toBe('run/a 1.00e-1/1.50e-1 ok (step 1)');
    expect(checkLine(checkLatents(named('a'), off, expected, 3, 0.03))).toBe('run/a 1.00e-1/9.00e-2 FAIL (step 1)');
  });

  it('takes the beginning of a run', () => {
    expect(checkLatents(named('a'), f32(3, 4.5), expected, 3, 0.05)).toMatchObject({
      note: 'step 0',
      target: 0.15000000000000002,
    });
    expect(() => checkLatents(named('a'), f32(3), expected, 3, 1)).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
    expect(() => checkLatents(named('a'), f32(), expected, 3, 1)).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    );
  });

  it('does not let a good step hide a NaN', () => {
    expect(checkLatents(named('a'), f32(3, 4, Number.NaN, 4, 3, 4), expected, 3, 1).severity).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe('checkImage', () => {
  it('asks for at least the target in dB, of pictures in [-1, 1]', () => {
    expect(checkLine(checkImage(named('i'), f32(0.02), f32(0), 40.01))).toBe('run/i 40.0/40.0 dB FAIL');
    expect(checkLine(checkImage(named('i'), f32(0.02), f32(0), 30))).toBe('run/i 40.0/30.0 dB ok');
    expect(checkImage(named('i'), f32(0.02), f32(0), 20).severity).toBeCloseTo(0.1, 6);
    expect(checkLine(checkImage(named('i'), f32(0), f32(0), 55))).toBe('run/i Infinity/55.0 dB ok');
    expect(checkLine(checkImage(named('i'), f32(Number.NaN), f32(0), 55))).toBe('run/i NaN/55.0 dB FAIL');
  });
});

describe('checkTokens', () => {
  const expected = [
    { n: 2, layer: 5, rows: [[], []] },
    { n: 6, layer: 5, rows: [[1, 2, 3, 4], [5]] },
  ];
  const selected = (...rows: number[][]) => [{ n: 6, layer: 5, rows }];

  it('compares sets, in any order, and counts the one that agrees least', () => {
    expect(checkTokens(named('t'), selected([4, 3, 2, 1], [5]), expected, 0.9)).toMatchObject({
      error: 1,
      severity: 0,
    });
    const check = checkTokens(named('t'), selected([4, 3, 2, 9], [5]), expected, 0.9);
    expect(checkLine(check)).toBe('run/t 0.7500/0.9000 share FAIL (least of 2 sets, step 6 layer 5 row 0)');
    expect(verdict([check]).line).toBe('FAIL worst run/t 0.7500/0.9000');
  });

  it('tells the tokens of cross-attention from those of the MLP', () => {
    const both = [
      { n: 6, layer: 5, branch: 'cross' as const, rows: [[1]] },
      { n: 6, layer: 5, branch: 'mlp' as const, rows: [[2]] },
    ];
    expect(checkTokens(named('t'), both, [{ n: 6, layer: 5, rows: [[2]] }], 0.9).error).toBe(1);
    expect(checkTokens(named('t'), both, [{ n: 6, layer: 5, branch: 'cross', rows: [[1]] }], 0.9).error).toBe(1);
  });

  it('counts tokens nobody expected, and sets that are missing', () => {
    const stray = [...selected([1, 2, 3, 4], [5]), { n: 2, layer: 5, rows: [[7], []] }];
    expect(checkTokens(named('t'), stray, expected, 0.9)).toMatchObject({
      error: 0,
      ok: false,
    });
    expect(checkTokens(named('t'), selected([1, 2, 3, 4, 6], [5]), expected, 0.9).error).toBe(0.8);
    expect(checkTokens(named('t'), [], expected, 0.9).severity).toBeCloseTo(10, 9);
    expect(checkTokens(named('t'), selected([4, 3, 2, 9], [5]), expected, 1).severity).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('verdict', () => {
  const good = checkTensor(named('good'), f32(3, 4.5), f32(3, 4), 0.2);
  const bad = checkTensor(named('bad'), f32(3, 6), f32(3, 4), 0.2);

  it('names the worst tensor, by its share of the target', () => {
    expect(verdict([good, checkImage(named('i'), f32(0.02), f32(0), 30)])).toEqual({
      passed: true,
      line: 'PASS worst run/good 1.00e-1/2.00e-1',
    });
    expect(verdict([bad, good])).toEqual({ passed: false, line: 'FAIL worst run/bad 4.00e-1/2.00e-1' });
  });

  it('refuses to pass when nothing was checked', () => {
    expect(() => verdict([])).toThrow(expect.objectContaining({ code: 'format' }));
  });
});
