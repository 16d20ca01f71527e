import { WebDiTError } from './errors.ts';

/** A string literal (kept as it is), or a number that Python's json module writes and JSON does not know. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Parses JSON that may hold `NaN`, `Infinity` and `-Infinity` as Python writes them.
 *
 * @param what what the text is, for the error: a file name.
 * @throws WebDiTError `format`.
 */
export function parseTolerantJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (strict) {
    // JSON overflows 1e999 to Infinity by itself; NaN needs a stand-in that the text does not hold
    let standIn = 'NaN';
    while (text.includes(`"${standIn}"`)) standIn += '_';
    const plain = text.replace(stringOrNumber, (token) => {
      if (token.startsWith('"')) return token;
      return token === 'NaN' ? `"${standIn}"` : token.replace('Infinity', '1e999');
    });
    try {
      return JSON.parse(plain, (_key, value: unknown) => (value === standIn ? Number.NaN : value));
    } catch {
      throw new WebDiTError(
        'format',
        `${what} is not valid JSON.`,
        'Check that the file is complete and not an error page.',
        {
          cause: strict,
        },
      );
    }
  }
}
