import { WebDiTError } from '@webdit/core';
import { type Allocator, BufferScope } from '../allocator.ts';
import type { PipelineCache } from '../pipelines.ts';
import { ProgramBuilder } from '../program.ts';
import { initialSpeed } from '../slicer.ts';
import { Stopwatch, type Timed, warmUp } from '../stopwatch.ts';
import type { Deadline } from './deadline.ts';
import type { OpVariant, SizeClass } from './op.ts';
import { pickVariant, raceVariants } from './race.ts';

/** A sample's length: browsers round GPU timestamps to 0.1 ms, and the wall clock sees the queue's latency. */
const sampleSeconds = { gpu: 0.004, wall: 0.012 };

/** Decides classes of sizes by timing; knows how fast the device is from what it timed before. */
export class ClassTimer {
  #flopsPerSecond: number | undefined;

  private constructor(
    readonly stopwatch: Stopwatch,
    readonly allocator: Allocator,
    readonly pipelines: PipelineCache,
    readonly deadline: Deadline,
  ) {}

  static async create(allocator: Allocator, pipelines: PipelineCache, deadline: Deadline): Promise<ClassTimer> {
    return new ClassTimer(await Stopwatch.create(allocator, deadline.signal), allocator, pipelines, deadline);
  }

  /**
   * The variant for a class, out of compiled ones; undefined when time or memory ran out.
   * @throws the signal's reason, `device-lost`; the GPU has nothing more to do then.
   */
  async decide(sizes: SizeClass, variants: readonly OpVariant[]): Promise<string | undefined> {
    const [only, ...others] = variants;
    if (!only || !this.deadline.hasTime) return undefined;
    if (others.length === 0) return only.name;
    const lead = variants.find(({ name }) => name === sizes.incumbent) ?? only;
    try {
      // The first measurement only says how large the timed part may be.
      this.#flopsPerSecond ??= await this.#withCase(sizes, [lead], (timed) => this.#speed(timed, lead));
      return await this.#withCase(sizes, variants, async (timed) => {
        const pace = await warmUp(this.stopwatch, timed.of(lead.name), this.#sampleSeconds);
        this.#flopsPerSecond = timed.flops / (pace.expected ?? Number.NaN);
        const time = (name: string, share: number) =>
          this.stopwatch.time(timed.of(name), { ...pace, repeats: Math.ceil(pace.repeats * share) });
        const names = variants.map(({ name }) => name);
        const seconds = await raceVariants(names, sizes.incumbent, time, () => this.deadline.hasTime);
        return seconds && pickVariant(seconds, sizes.incumbent);
      });
    } catch (error) {
      if (error instanceof WebDiTError && error.code === 'out-of-memory') return undefined;
      throw error;
    }
  }

  destroy(): void {
    this.stopwatch.destroy();
  }

  get #sampleSeconds(): number {
    return sampleSeconds[this.stopwatch.clock];
  }

  async #speed(timed: TimedCase, { name }: OpVariant): Promise<number> {
    const { expected } = await warmUp(this.stopwatch, timed.of(name), this.#sampleSeconds);
    return timed.flops / (expected ?? Number.NaN);
  }

  async #withCase<T>(
    sizes: SizeClass,
    variants: readonly OpVariant[],
    work: (timed: TimedCase) => Promise<T>,
  ): Promise<T> {
    const { allocator } = this;
    const { isFallback } = allocator.holder.adapterInfo;
    const speed = this.#flopsPerSecond ?? (isFallback ? initialSpeed.fallback : initialSpeed.hardware);
    const { flops, prepare } = sizes.cut(speed * this.#sampleSeconds);
    const scope = new BufferScope(allocator);
    try {
      const { dispatch } = prepare(scope);
      const builder = new ProgramBuilder('tuner', this.pipelines, scope);
      const programs = new Map(
        variants.map((variant) => [variant.name, { program: [builder.add(dispatch(variant))] } satisfies Timed]),
      );
      await allocator.settle();
      return await work({ flops, of: (name) => programs.get(name) as Timed });
    } finally {
      // An abort leaves submits under way.
      await allocator.holder.device.queue.onSubmittedWorkDone().catch(() => {});
      scope.destroy();
    }
  }
}

interface TimedCase {
  /** Work of one execution. */
  readonly flops: number;
  of(variant: string): Timed;
}
