import type { Dispatch, DispatchSpec, ProgramBuilder } from './program.ts';
import { measuredDispatchCostLimit } from './slicer.ts';

/** One dispatch, or several where one would be more work than this adapter may be given at once. */
export function cutDispatches(
  builder: ProgramBuilder,
  units: number,
  cost: number,
  part: (first: number, count: number) => Omit<DispatchSpec, 'cost'>,
): Dispatch[] {
  const limit = measuredDispatchCostLimit(builder.scope.allocator.holder);
  const most = Math.max(1, Math.floor((limit / cost) * units));
  // Parts of one size.
  const atOnce = Math.ceil(units / Math.ceil(units / most));
  const dispatches: Dispatch[] = [];
  for (let first = 0; first < units; first += atOnce) {
    const count = Math.min(atOnce, units - first);
    dispatches.push(builder.add({ ...part(first, count), cost: (cost * count) / units }));
  }
  return dispatches;
}
