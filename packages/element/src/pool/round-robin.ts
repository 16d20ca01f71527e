/** What waits for its turn, and whose it is. */
export interface Turn {
  readonly owner: object;
}

/** A queue that is fair between owners: whoever had a turn longest ago is next; an owner's own turns keep their order. */
export class RoundRobin<T extends Turn> {
  private turns: readonly T[] = [];
  /** When each owner last had a turn, by the count of turns so far. */
  private readonly served = new WeakMap<object, number>();
  private count = 0;

  add(turn: T): void {
    this.turns = [...this.turns, turn];
  }

  /** Puts a turn back that was taken and not used up, before its owner's others. */
  giveBack(turn: T): void {
    this.turns = [turn, ...this.turns];
  }

  remove(turn: T): void {
    this.turns = this.turns.filter((other) => other !== turn);
  }

  some(accepts: (turn: T) => boolean): boolean {
    return this.turns.some(accepts);
  }

  /** Takes the next of the turns that `accepts` lets through; undefined when it lets none. */
  take(accepts: (turn: T) => boolean): T | undefined {
    let chosen: T | undefined;
    for (const turn of this.turns) {
      if (accepts(turn) && (chosen === undefined || this.lastServed(turn) < this.lastServed(chosen))) chosen = turn;
    }
    if (chosen === undefined) return undefined;
    this.remove(chosen);
    this.count++;
    this.served.set(chosen.owner, this.count);
    return chosen;
  }

  private lastServed({ owner }: T): number {
    return this.served.get(owner) ?? 0;
  }
}
