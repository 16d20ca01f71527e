import { type Block, placeOf } from './extract.ts';

/** The headers of an `http` block, one a line. @throws Error for a line that is none. */
export function headersIn(block: Block): Record<string, string> {
  const lines = block.text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line, row) => {
      const [, name = '', value = ''] = /^([A-Z][\w-]*): (\S.*)$/.exec(line) ?? [];
      if (name === '') throw new Error(`${placeOf({ ...block, line: block.line + row + 1 })}: "${line}" is no header.`);
      return [name, value];
    }),
  );
}
