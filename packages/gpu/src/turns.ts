/** The order of a round: another first each time, and every second round backwards, so that none always follows the same one. */
export function inTurn<T>(items: readonly T[], round: number): T[] {
  const { length } = items;
  const step = round % 2 === 0 ? 1 : length - 1;
  return items.map((_, i) => items[(round + i * step) % length] as T);
}
