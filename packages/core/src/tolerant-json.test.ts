import { expect, it } from 'vitest';
import { parseTolerantJson } from './tolerant-json.ts';

it('reads what JSON.parse reads', () => {
  expect(parseTolerantJson('{"a": [1, "NaN", null]}', 'x')).toEqual({ a: [1, 'NaN', null] });
});

it('reads NaN and the infinities outside strings, and leaves strings alone', () => {
  const text = String.raw`{"lambda_min": -Infinity, "n": [NaN, Infinity], "s": "NaN, -Infinity \" NaN", "NaN": "NaN", "NaN_": "NaN_"}`;
  expect(parseTolerantJson(text, 'x')).toEqual({
    lambda_min: Number.NEGATIVE_INFINITY,
    n: [Number.NaN, Number.POSITIVE_INFINITY],
    s: 'NaN, -Infinity " NaN',
    NaN: 'NaN',
    NaN_: 'NaN_',
  });
});

it.each(['', '{', '<html>', '{"a": NaNo}', '{"a": --Infinity}', '{"a": "NaN}', 'xInfinity'])('refuses %j', (text) => {
  expect(() => parseTolerantJson(text, 'config.json')).toThrow(
    expect.objectContaining({ code: 'format', message: 'config.json is not valid JSON.' }),
  );
});

it('reads a long string without running out of stack', () => {
  const long = 'x\\n'.repeat(1_000_000);
  expect(parseTolerantJson(`["${long}", NaN]`, 'x')).toEqual(['x\n'.repeat(1_000_000), Number.NaN]);
});
