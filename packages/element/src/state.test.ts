import { describe, expect, it } from 'vitest';
import type { PipelineInfo, StepEvent } from 'webdit';
import {
  type Action,
  type ElementState,
  initialState,
  isBusy,
  isImpossible,
  next,
  type Painted,
  toFailure,
} from './state.ts';

const info = { name: 'tiny' } as PipelineInfo;
const painted = { label: 'pizza', seed: 7 } as Painted;
const failure = { code: 'network', message: 'No.', remedy: 'Try.', error: null } as const;
const step = (n: number, kind: StepEvent['kind'] = 'full') => ({ n, steps: 3, kind }) as StepEvent;
const totals = { status: 'progress_total', progress: 40 } as Extract<Action, { type: 'progress' }>['totals'];

const after = (...actions: Action[]) => actions.reduce(next, initialState);
const load: Action = { type: 'load' };
const loaded: Action = { type: 'loaded', info };
const queue: Action = { type: 'queue' };
const start: Action = { type: 'start' };
const paint: Action = { type: 'paint', painted };
const stop: Action = { type: 'stop' };
const fail: Action = { type: 'fail', failure };
const clear: Action = { type: 'clear' };
const unloaded: Action = { type: 'unloaded' };

/** One state of each kind. */
const states: Record<ElementState['name'], ElementState> = {
  idle: initialState,
  loading: after(load),
  ready: after(load, loaded),
  generating: after(load, loaded, queue),
  done: after(load, loaded, queue, start, paint),
  error: after(load, fail),
};

it('goes from idle over loading, ready and generating to done', () => {
  for (const [name, state] of Object.entries(states)) expect(state.name).toBe(name);
  expect(states.done).toEqual({ name: 'done', info, painted });
});

it('keeps the kinds of the steps, and forgets them when the run begins again', () => {
  const running = after(
    load,
    loaded,
    queue,
    start,
    { type: 'step', step: step(0) },
    { type: 'step', step: step(1, 'reuse') },
  );
  expect(running).toMatchObject({ waiting: false, steps: 3, kinds: ['full', 'reuse'] });
  expect(next(running, queue)).toMatchObject({ waiting: true, steps: null, kinds: [] });
});

it('knows how far the files are that a first step waits for, until it is done', () => {
  const waiting = next(states.generating, { type: 'progress', totals });
  expect(waiting).toMatchObject({ name: 'generating', steps: null, totals });
  const running = next(waiting, { type: 'step', step: step(0) });
  expect(running).toMatchObject({ steps: 3, totals: null });
  expect(next(running, { type: 'progress', totals })).toBe(running);
});

/** Where each action leads from each state; what is not listed changes nothing. */
const table: Record<string, { action: Action; to: Partial<Record<ElementState['name'], ElementState['name']>> }> = {
  load: { action: load, to: { idle: 'loading', ready: 'loading', done: 'loading', error: 'loading' } },
  loaded: { action: loaded, to: { idle: 'ready', loading: 'ready' } },
  unloaded: { action: unloaded, to: { ready: 'idle' } },
  queue: {
    action: queue,
    to: { idle: 'generating', loading: 'generating', ready: 'generating', done: 'generating', error: 'generating' },
  },
  start: { action: start, to: {} },
  step: { action: { type: 'step', step: step(0) }, to: {} },
  paint: { action: paint, to: { generating: 'done' } },
  stop: { action: stop, to: { loading: 'idle', generating: 'ready' } },
  fail: { action: fail, to: { idle: 'error', loading: 'error', ready: 'error', generating: 'error', done: 'error' } },
  clear: { action: clear, to: { done: 'ready', error: 'idle' } },
};
describe.each(Object.entries(table))('%s', (_, { action, to }) => {
  it.each(Object.entries(states))('from %s', (name, state) => {
    expect(next(state, action).name).toBe(to[name as ElementState['name']] ?? name);
  });
});

it('ignores what means nothing, to the object', () => {
  expect(next(states.ready, stop)).toBe(states.ready);
  expect(next(states.done, { type: 'progress', totals })).toBe(states.done);
  expect(next(states.idle, paint)).toBe(states.idle);
  expect(next(states.idle, unloaded)).toBe(states.idle);
  expect(next(states.loading, load)).toBe(states.loading);
  expect(next(states.generating, load)).toBe(states.generating);
});

it('keeps the picture on show through the next load and run, and after an abort or a failure', () => {
  const again = [next(states.done, load), next(states.done, queue), next(next(states.done, queue), fail)];
  for (const state of again) expect(state.painted).toBe(painted);
  expect(next(next(states.done, queue), stop)).toEqual(states.done);
  expect(next(states.done, unloaded)).toEqual({ name: 'done', info: null, painted });
  expect(next(next(states.done, queue), clear).painted).toBeNull();
});

it('knows what can be stopped, and what this browser cannot do', () => {
  expect(
    Object.values(states)
      .filter(isBusy)
      .map(({ name }) => name),
  ).toEqual(['loading', 'generating']);
  const noGpu = { ...failure, code: 'webgpu-unavailable' } as const;
  expect(isImpossible(after({ type: 'fail', failure: noGpu }))).toBe(true);
  expect(isImpossible(states.error)).toBe(false);
  expect(isImpossible(next(states.done, { type: 'fail', failure: noGpu }))).toBe(false);
});

it('makes a failure of anything that was thrown', () => {
  const error = Object.assign(new Error('No folder.'), { code: 'not-found', remedy: 'Look elsewhere.' });
  expect(toFailure(error)).toEqual({ code: 'not-found', message: 'No folder.', remedy: 'Look elsewhere.', error });
  expect(toFailure(new TypeError('x is not a function'))).toMatchObject({
    code: 'error',
    message: 'x is not a function',
  });
  expect(toFailure('broken')).toMatchObject({ code: 'error', message: 'broken' });
  expect(toFailure(undefined)).toMatchObject({ code: 'error', message: 'undefined' });
});
