/** The first field of two plain objects whose values differ; undefined when they are the same. */
export function differingField(a: unknown, b: unknown): string | undefined {
  const [left, right] = [a, b] as Readonly<Record<string, unknown>>[];
  return Object.keys({ ...left, ...right }).find((key) => JSON.stringify(left?.[key]) !== JSON.stringify(right?.[key]));
}
