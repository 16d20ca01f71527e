import { WebDiTError } from '@webdit/core';

interface Named {
  readonly name: string;
}

/** Of those this device has the features for, one by each name. */
export function byName<T extends Named & { readonly subgroups: boolean }>(
  features: Pick<ReadonlySet<string>, 'has'>,
  tilings: Iterable<T>,
): ReadonlyMap<string, T> {
  const running = [...tilings].filter(({ subgroups }) => !subgroups || features.has('subgroups'));
  return new Map(running.map((tiling) => [tiling.name, tiling]));
}

/**
 * A variant, unless it failed its check here: then the first that passed, or at least did not fail.
 * @throws WebDiTError `numeric` when all failed.
 */
export function workingVariant<T extends Named>(
  op: string,
  wanted: T,
  others: readonly T[],
  checked: Readonly<Record<string, boolean>>,
): T {
  if (checked[wanted.name] !== false) return wanted;
  const found =
    others.find(({ name }) => checked[name] === true) ?? others.find(({ name }) => checked[name] === undefined);
  if (!found) throw noneWorks(op);
  return found;
}

export function noneWorks(op: string): WebDiTError {
  return new WebDiTError(
    'numeric',
    `No ${op} kernel works on this adapter.`,
    'Update the browser and the graphics driver, and report the adapter name if it persists.',
  );
}
