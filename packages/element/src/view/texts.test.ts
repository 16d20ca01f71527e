import { expect, it } from 'vitest';
import { type Action, type ElementState, initialState, next, type Painted } from '../state.ts';
import { announcement, nameText, pictureText, shareDone, statusText } from './texts.ts';

const report = { totals: { ms: 1500, decodeMs: 500 } } as Painted['report'];
const after = (...actions: Action[]): ElementState => actions.reduce(next, initialState);
const done = (subject: Pick<Painted, 'label' | 'prompt'>) =>
  after({ type: 'queue' }, { type: 'start' }, { type: 'paint', painted: { ...subject, seed: 7, report } });

it('calls the element and its picture by the class, or by the words', () => {
  const [cat, fox, empty] = [
    { label: 3, prompt: null },
    { label: null, prompt: 'a red fox' },
    { label: null, prompt: '' },
  ];
  expect([cat, fox, empty].map(nameText)).toEqual([
    'Picture painter: 3',
    'Picture painter: a red fox',
    'Picture painter',
  ]);
  expect([cat, fox, empty].map((subject) => pictureText(initialState, subject))).toEqual([
    '3, not painted yet',
    'a red fox, not painted yet',
    'Nothing painted yet',
  ]);
  // The picture on show, also when the next one is to be another.
  expect([cat, fox, empty].map((subject) => pictureText(done(subject), cat))).toEqual([
    'Painted 3, seed 7',
    'Painted a red fox, seed 7',
    'Painted an empty prompt, seed 7',
  ]);
  expect(announcement(done(fox))).toBe('Painted a red fox, seed 7.');
  expect(statusText(done(fox))).toBe('Seed 7, 2.0 s');
});

it('says how far the files are that a first step waits for', () => {
  const totals = (loaded: number) =>
    ({
      status: 'progress_total',
      loaded,
      total: 4e6,
      progress: loaded / 4e4,
      pipelines: { done: 0, total: 0 },
    }) as Extract<Action, { type: 'progress' }>['totals'];
  const running = after({ type: 'queue' }, { type: 'start' });
  const said = [running, ...[1e6, 4e6].map((loaded) => next(running, { type: 'progress', totals: totals(loaded) }))];
  expect(said.map(statusText)).toEqual(['First step…', 'Loading: 1.0 of 4.0 MB', 'First step…']);
  expect(said.map(shareDone)).toEqual([0, 0.25, 0]);
});
