export { worstError } from '../packages/core/src/index.ts';

import { BenchScope } from '../packages/gpu/src/bench/scope.ts';
import type { Kernel, KernelConstants, StepValues, Workgroups } from '../shaders/index.ts';
import { testDevice } from './gpu.ts';

export interface KernelRun {
  readonly kernel: Kernel;
  readonly constants?: KernelConstants;
  readonly params: Uint32Array;
  readonly workgroups: Workgroups;
  /** One entry per storage binding: contents, or the number of 4-byte elements of a zeroed output. */
  readonly storage: readonly (Float32Array | Uint32Array | number)[];
  readonly step?: Partial<StepValues>;
}

/** Runs one kernel on the adapter under test and reads every `read_write` binding back, in binding order. */
export async function runKernel({ step, ...run }: KernelRun): Promise<Float32Array[]> {
  const bench = new BenchScope(await testDevice());
  try {
    const storage = run.storage.map((content, i) => bench.buffer(content, `binding ${i + 1}`));
    const dispatch = bench.dispatch({ ...run, storage, flops: 1 });
    const stepGroup = bench.stepGroup(step);
    await bench.ready();
    await bench.run([dispatch], stepGroup);
    const outputs: Float32Array[] = [];
    for (const [i, access] of run.kernel.storage.entries()) {
      if (access === 'read_write') outputs.push(await bench.read(storage[i] as GPUBuffer));
    }
    return outputs;
  } finally {
    bench.destroy();
  }
}

/** Deterministic values in (-1, 1), different for each seed. */
export function randomValues(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

/** f32 -> packed halves, two a u32, rounded to nearest even by the platform's f16 conversion. */
export function packHalves(values: Float32Array): Uint32Array {
  const halves = Uint16Array.from(values, (v) => floatToHalf(v));
  return new Uint32Array(halves.buffer);
}

export function unpackHalves(packed: Uint32Array): Float32Array {
  const halves = new Uint16Array(packed.buffer, packed.byteOffset, packed.length * 2);
  return Float32Array.from(halves, halfToFloat);
}

/** Normal range only, which is what the tests use: 10 mantissa bits kept, the rest rounded by adding half a unit. */
function floatToHalf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = (bits & 0x7fffffff) + 0x1000;
  return magnitude < 0x38800000 ? sign : sign | ((magnitude - 0x38000000) >>> 13);
}

function halfToFloat(half: number): number {
  const magnitude = half & 0x7fff;
  const value = magnitude === 0 ? 0 : (1 + (magnitude & 0x3ff) / 1024) * 2 ** ((magnitude >> 10) - 15);
  return half & 0x8000 ? -value : value;
}
