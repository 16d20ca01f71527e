/**
 * Unrolls the lines of a `.wgsl` file that hold an index such as `$r`: consecutive lines with it are repeated together, for 0 up
 * to its count. Indices given first are the outer ones. Software adapters' compilers unroll nothing, and a private array
 * that is indexed in a loop lives in memory there; written out, its elements are registers everywhere.
 *
 * `unroll('a$r += b$r$c;', { r: 2, c: 2 })` has four lines.
 */
export function unroll(source: string, counts: Readonly<Record<string, number>>): string {
  return unrollLines(source.split('\n'), Object.entries(counts)).join('\n');
}

function unrollLines(lines: readonly string[], indices: readonly (readonly [name: string, count: number])[]): string[] {
  const [first, ...inner] = indices;
  if (!first) return [...lines];
  const index = `$${first[0]}`;
  return runs(lines, (line) => line.includes(index)).flatMap((run) => {
    if (!run[0]?.includes(index)) return unrollLines(run, inner);
    return Array.from({ length: first[1] }, (_, i) => i).flatMap((i) =>
      unrollLines(
        run.map((line) => line.replaceAll(index, String(i))),
        inner,
      ),
    );
  });
}

/** Consecutive lines of which `test` says the same. */
function runs(lines: readonly string[], test: (line: string) => boolean): string[][] {
  const found: string[][] = [];
  let last: boolean | undefined;
  for (const line of lines) {
    const is = test(line);
    if (is === last) found.at(-1)?.push(line);
    else found.push([line]);
    last = is;
  }
  return found;
}
