import { expect, it } from 'vitest';
import { RoundRobin } from './round-robin.ts';

interface Named {
  readonly owner: object;
  readonly name: string;
}
const all = () => true;

function drain(queue: RoundRobin<Named>, accepts: (turn: Named) => boolean = all): string {
  const names: string[] = [];
  for (let turn = queue.take(accepts); turn; turn = queue.take(accepts)) names.push(turn.name);
  return names.join(' ');
}

function filled(...names: string[]): { queue: RoundRobin<Named>; turns: Named[] } {
  const owners = new Map<string, object>();
  const turns = names.map((name) => {
    const letter = name[0] as string;
    const owner = owners.get(letter) ?? {};
    owners.set(letter, owner);
    return { owner, name };
  });
  const queue = new RoundRobin<Named>();
  for (const turn of turns) queue.add(turn);
  return { queue, turns };
}

it('goes round the owners, each in its own order', () => {
  expect(drain(filled('a1', 'a2', 'a3', 'b1', 'b2', 'c1').queue)).toBe('a1 b1 c1 a2 b2 a3');
});

it('lets who came later go before who has had a turn', () => {
  const { queue, turns } = filled('a1', 'a2');
  expect(queue.take(all)?.name).toBe('a1');
  queue.add({ owner: {}, name: 'b1' });
  queue.add({ owner: (turns[0] as Named).owner, name: 'a3' });
  expect(drain(queue)).toBe('b1 a2 a3');
});

it('passes over what is not accepted, and keeps it', () => {
  const { queue } = filled('a1', 'a2', 'b1');
  expect(drain(queue, ({ name }) => name !== 'a1')).toBe('a2 b1');
  expect(queue.some(all)).toBe(true);
  expect(drain(queue)).toBe('a1');
  expect(queue.some(all)).toBe(false);
});

it('takes a turn back before the owner’s others', () => {
  const { queue } = filled('a1', 'a2', 'b1');
  const first = queue.take(all) as Named;
  queue.giveBack(first);
  expect(drain(queue)).toBe('b1 a1 a2');
});

it('forgets what is removed', () => {
  const { queue, turns } = filled('a1', 'b1', 'a2');
  queue.remove(turns[1] as Named);
  expect(drain(queue)).toBe('a1 a2');
});
