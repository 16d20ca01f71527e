import { expect, it } from 'vitest';
import { Gate } from './gate.ts';

const turns = () => new Promise((resolve) => setTimeout(resolve));

/** What has happened to a promise so far. */
function watch(promise: Promise<void>): { state: unknown } {
  const seen: { state: unknown } = { state: 'waits' };
  promise.then(
    () => {
      seen.state = 'passed';
    },
    (reason) => {
      seen.state = reason;
    },
  );
  return seen;
}

it('is open at first, holds all who come while it is closed, and lets them through when it opens', async () => {
  const gate = new Gate();
  expect(gate.isOpen).toBe(true);
  await gate.pass();
  gate.close();
  gate.close();
  const waiting = [watch(gate.pass()), watch(gate.pass())];
  await turns();
  expect([gate.isOpen, ...waiting.map(({ state }) => state)]).toEqual([false, 'waits', 'waits']);
  gate.open();
  await turns();
  expect([gate.isOpen, ...waiting.map(({ state }) => state)]).toEqual([true, 'passed', 'passed']);
});

it('holds who has not passed yet when it closes again at once', async () => {
  const gate = new Gate();
  gate.close();
  const waiting = watch(gate.pass());
  gate.open();
  gate.close();
  await turns();
  expect(waiting.state).toBe('waits');
  gate.open();
  await turns();
  expect(waiting.state).toBe('passed');
});

it('gives up with the reason of the signal, at once', async () => {
  const gate = new Gate();
  const controller = new AbortController();
  gate.close();
  const [waiting, other] = [watch(gate.pass(controller.signal)), watch(gate.pass())];
  controller.abort('enough');
  await turns();
  expect([waiting.state, other.state]).toEqual(['enough', 'waits']);
  await expect(gate.pass(controller.signal)).rejects.toBe('enough');
});
