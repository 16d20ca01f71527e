import { expect, it } from 'vitest';
import { Painter, type PainterHooks, type PaintOrder } from './painter.ts';
import { Pool } from './pool/pool.ts';
import type { Pipeline } from './pool/shared-pipeline.ts';
import type { Call } from './settings.ts';
import { type ElementState, type Failure, initialState, next } from './state.ts';
import { FakePipeline, settled } from './testing/fake-pipeline.ts';

/** An element without a DOM: its state, and what it said. */
class FakeElement {
  state: ElementState = initialState;
  readonly states: string[] = [];
  readonly failures: Failure[] = [];
  readonly progress: unknown[] = [];
  visible = true;
  readonly painter: Painter;

  constructor(
    private readonly pool: Pool,
    private readonly open: () => Promise<Pipeline>,
  ) {
    const hooks: PainterHooks = {
      enter: (action) => {
        this.state = next(this.state, action);
        const { name } = this.state;
        const said = name === 'generating' && this.state.waiting ? 'waiting' : name;
        if (this.states.at(-1) !== said) this.states.push(said);
      },
      onProgress: (event) => void this.progress.push(event),
      onStep: () => {},
      onPreview: () => {},
      onFailure: (failure) => void this.failures.push(failure),
      isVisible: () => this.visible,
      untilVisible: async () => {},
    };
    this.painter = new Painter(hooks);
  }

  paint(label: string, over: Partial<PaintOrder<string>> = {}): Promise<string> {
    const painted = this.painter.paint({
      automatic: false,
      whenSeen: false,
      acquire: () => this.pool.acquire('m', this.open),
      prepare: async () => ({ input: { label }, options: { seed: 7 } }) as Call,
      finish: async () => {
        this.state = next(this.state, { type: 'paint', painted: { label, seed: 7 } as never });
        this.states.push(this.state.name);
        return label;
      },
      ...over,
    });
    painted.catch(() => {});
    return painted;
  }
}

function setUp(open?: (fake: FakePipeline) => Promise<Pipeline>) {
  const fake = new FakePipeline();
  const pool = new Pool(() => 0);
  const element = () => new FakeElement(pool, () => (open ? open(fake) : Promise.resolve(fake.pipeline)));
  return { fake, a: element(), b: element() };
}

it('loads, paints, and paints again without loading', async () => {
  const { fake, a } = setUp();
  const first = a.paint('pizza');
  await settled();
  fake.runs[0]?.options.onStep?.({ n: 0, steps: 2, kind: 'full' } as never);
  expect(a.state).toMatchObject({ name: 'generating', steps: 2, kinds: ['full'] });
  fake.runs[0]?.finish();
  expect(await first).toBe('pizza');
  const second = a.paint('cat');
  await settled();
  fake.runs[1]?.finish();
  await second;
  expect(a.states).toEqual(['loading', 'ready', 'waiting', 'generating', 'done', 'waiting', 'generating', 'done']);
  expect(fake.disposed).toBe(0);
  a.painter.release();
  await settled();
  expect(fake.disposed).toBe(1);
});

it('tells how far the files are that the words of a run need', async () => {
  const { fake, a } = setUp();
  const painting = a.paint('a fox');
  await settled();
  const totals = { status: 'progress_total', progress: 40 } as never;
  fake.runs[0]?.options.onProgress?.(totals);
  expect(a.state).toMatchObject({ name: 'generating', totals });
  expect(a.progress).toEqual([totals]);
  fake.runs[0]?.finish();
  await painting;
});

it('says that it waits while another element paints, and between its own runs', async () => {
  const { fake, a, b } = setUp();
  const all = [a.paint('a1'), a.paint('a2'), b.paint('b1')];
  await settled();
  expect([a.states.at(-1), b.states.at(-1)]).toEqual(['generating', 'waiting']);
  fake.runs[0]?.finish();
  await settled();
  expect([a.states.at(-1), b.states.at(-1)]).toEqual(['waiting', 'generating']);
  fake.runs[1]?.finish();
  await settled();
  fake.runs[2]?.finish();
  await Promise.all(all);
  expect(fake.order).toBe('a1 b1 a2');
  expect(b.states.at(-1)).toBe('done');
});

it('goes back to rest when it is aborted, in the load and in the run', async () => {
  const { a } = setUp((fake) => settled().then(() => fake.pipeline));
  const reason = new DOMException('Enough.', 'AbortError');
  const loading = a.paint('pizza');
  await Promise.resolve();
  await Promise.resolve();
  expect(a.state.name).toBe('loading');
  a.painter.abort(reason);
  await expect(loading).rejects.toBe(reason);
  expect(a.state.name).toBe('idle');
  const running = a.paint('pizza');
  const waiting = a.paint('cat');
  await settled();
  await settled();
  a.painter.abort(reason);
  await expect(running).rejects.toBe(reason);
  await expect(waiting).rejects.toBe(reason);
  await settled();
  expect(a.state.name).toBe('ready');
  expect(a.failures).toEqual([]);
});

it('tells of a failure once, and goes on with the next run', async () => {
  const { fake, a } = setUp();
  const error = Object.assign(new Error('No class.'), { code: 'unknown-label', remedy: 'Another.' });
  const [first, second] = [a.paint('x'), a.paint('pizza')];
  await settled();
  fake.runs[0]?.fail(error);
  await expect(first).rejects.toBe(error);
  await settled();
  expect(a.state.name).toBe('generating');
  fake.runs[1]?.finish();
  expect(await second).toBe('pizza');
  expect(a.failures).toEqual([{ code: 'unknown-label', message: 'No class.', remedy: 'Another.', error }]);
  expect(a.state.name).toBe('done');
});

it('holds no model once another element has lost the device, until it is loaded again', async () => {
  const { fake, a, b } = setUp();
  const first = a.paint('pizza');
  await settled();
  expect(a.painter.holdsModel).toBe(true);
  fake.runs[0]?.finish();
  await first;
  const lost = b.paint('cat');
  await settled();
  fake.runs[1]?.fail({ code: 'device-lost' });
  await expect(lost).rejects.toEqual({ code: 'device-lost' });
  expect([a.painter.holdsModel, b.painter.holdsModel]).toEqual([false, false]);
  const again = b.paint('cat');
  await settled();
  expect([a.painter.holdsModel, b.painter.holdsModel]).toEqual([true, true]);
  fake.runs[2]?.finish();
  await again;
});

it('refuses before anything is loaded', async () => {
  let opened = 0;
  const { a } = setUp((fake) => {
    opened++;
    return Promise.resolve(fake.pipeline);
  });
  const refuse = async (): Promise<Call> => {
    throw new Error('steps is 0.');
  };
  await expect(a.paint('pizza', { prepare: refuse })).rejects.toThrow('steps is 0.');
  expect(opened).toBe(0);
  expect(a.states).toEqual(['error']);
});

it('aborts automatic runs alone, and does not begin them out of sight', async () => {
  const { fake, a, b } = setUp();
  a.visible = false;
  const automatic = a.paint('auto', { automatic: true });
  const asked = b.paint('asked');
  await settled();
  expect(fake.order).toBe('asked');
  a.visible = true;
  a.painter.reconsider();
  fake.runs[0]?.finish();
  await asked;
  await settled();
  expect(fake.order).toBe('asked auto');
  const other = a.paint('other');
  a.painter.abort('outdated', 'automatic');
  await expect(automatic).rejects.toBe('outdated');
  await settled();
  fake.runs[2]?.finish();
  expect(await other).toBe('other');
});

it('frees its model when it is removed during a run', async () => {
  const { fake, a } = setUp();
  const running = a.paint('pizza');
  await settled();
  a.painter.abort('removed');
  a.painter.release();
  await expect(running).rejects.toBe('removed');
  await settled();
  await settled();
  expect(fake.disposed).toBe(1);
  expect(a.state.name).toBe('idle');
});
