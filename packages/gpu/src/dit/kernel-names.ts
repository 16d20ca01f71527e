import type { Dispatch } from '../program.ts';

/** Kernel variants of the programs by op; several of one op are joined by ` + `. */
export function kernelNames(programs: readonly (readonly Dispatch[])[]): Record<string, string> {
  const byOp = new Map<string, Set<string>>();
  for (const program of new Set(programs)) {
    for (const { handle } of program) {
      const { op, name } = handle.kernel;
      byOp.set(op, (byOp.get(op) ?? new Set()).add(name));
    }
  }
  return Object.fromEntries([...byOp].map(([op, names]) => [op, [...names].sort().join(' + ')]));
}
