import { expect, it } from 'vitest';
import { LoadProgress } from './progress.ts';
import type { ProgressEvent } from './types.ts';

function record() {
  const events: ProgressEvent[] = [];
  let time = 0;
  const progress = new LoadProgress(
    'tiny',
    (event) => events.push(event),
    () => time,
  );
  return { events, progress, wait: (ms: number) => (time += ms) };
}
const totals = (events: ProgressEvent[]) => events.filter((event) => event.status === 'progress_total');

it('gives bytes nine tenths of the bar and pipelines the last', () => {
  const { events, progress } = record();
  progress.initiate('a', 100);
  progress.initiate('b', 300);
  progress.advance('a', 100);
  progress.done('a');
  progress.advance('b', 300);
  progress.done('b');
  progress.pipelines(1, 2);
  progress.ready();
  const percents = totals(events).map((event) => event.progress);
  expect(percents).toEqual([22.5, 22.5, 90, 90, 95, 100]);
  expect(totals(events).at(-1)).toMatchObject({ loaded: 400, total: 400, pipelines: { done: 2, total: 2 } });
  expect(events.map((event) => event.status).slice(0, 4)).toEqual(['initiate', 'initiate', 'download', 'progress']);
  expect(events.at(-1)).toEqual({ status: 'ready', name: 'tiny' });
});

it('reports a file at most every 50 ms, and always its end', () => {
  const { events, progress, wait } = record();
  progress.initiate('a', 1000);
  for (let loaded = 100; loaded <= 1000; loaded += 100) {
    progress.advance('a', loaded);
    wait(20);
  }
  const seen = events.flatMap((event) => (event.status === 'progress' ? [event.loaded] : []));
  expect(seen).toEqual([100, 400, 700, 1000]);
});

it('never goes back when a file turns out longer than announced', () => {
  const { events, progress, wait } = record();
  progress.initiate('a', 10);
  progress.advance('a', 10);
  wait(100);
  progress.initiate('b', 90);
  progress.advance('b', 30);
  progress.advance('unannounced', 500);
  progress.done('unannounced');
  const percents = totals(events).map((event) => event.progress);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
});
