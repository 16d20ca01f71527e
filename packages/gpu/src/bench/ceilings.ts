import { WebDiTError } from '@webdit/core';
import {
  type ArithmeticProbe,
  arithmeticProbeCall,
  arithmeticProbeKernel,
  arithmeticProbes,
  bandwidthProbeCall,
  bandwidthProbeStride,
  bandwidthProbeVariants,
  type Kernel,
  noise,
  type ProbeNumber,
  probeLanes,
  probeOperands,
  probeSteps,
} from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import { type BenchCase, type BenchClock, type BenchOptions, measureInterleaved } from './measure.ts';
import type { Peak } from './roofline.ts';
import { BenchScope } from './scope.ts';

export interface ProbeRate extends ArithmeticProbe {
  readonly gflops: number;
}

export interface BandwidthRate {
  readonly form: string;
  readonly mebibytes: number;
  readonly gigabytesPerSecond: number;
}

/** What this adapter can do at best, by the best of each family of probes. */
export interface Ceilings {
  readonly clock: BenchClock;
  /** GFLOP/s by number format; f16 only where the device has it. */
  readonly gflops: { readonly f32: number; readonly f16?: number };
  readonly gigabytesPerSecond: number;
  readonly probes: readonly ProbeRate[];
  readonly bandwidth: readonly BandwidthRate[];
}

/** What work in a number format is held against. */
export function peakOf({ gflops, gigabytesPerSecond }: Ceilings, math: ProbeNumber): Peak {
  return { flopsPerSecond: (gflops[math] ?? Number.NaN) * 1e9, bytesPerSecond: gigabytesPerSecond * 1e9 };
}

/** How large the probes are. Hardware hides latency with a hundred thousand invocations; software needs none of that. */
export function probeSizes(isFallback: boolean, quick: boolean) {
  return {
    invocations: isFallback ? 4096 : 131072,
    // Ends stay below 2048, where counting is exact in f16 too: 16 steps a turn at most.
    turns: 120,
    // Above the caches of what runs in a tab today: last-level caches reach 96 MiB.
    mebibytes: quick ? 32 : isFallback ? 128 : 256,
  };
}

/**
 * Runs both families of probes.
 * @throws WebDiTError `numeric` when a probe did not do its work, so that its rate would be a fake; the signal's reason.
 */
export async function measureCeilings(
  holder: DeviceHolder,
  { quick = false, ...options }: BenchOptions & { readonly quick?: boolean },
): Promise<Ceilings> {
  const sizes = probeSizes(holder.adapterInfo.isFallback, quick);
  const { clock, probes } = await measureArithmetic(holder, sizes, options);
  const bandwidth = await measureBandwidth(holder, sizes.mebibytes, options);
  const best = (number: ProbeNumber) =>
    Math.max(0, ...probes.filter((probe) => probe.number === number).map(({ gflops }) => gflops));
  return {
    clock,
    gflops: { f32: best('f32'), ...(holder.features.has('shader-f16') ? { f16: best('f16') } : {}) },
    gigabytesPerSecond: Math.max(...bandwidth.map((rate) => rate.gigabytesPerSecond)),
    probes,
    bandwidth,
  };
}

async function measureArithmetic(
  holder: DeviceHolder,
  { invocations, turns }: { readonly invocations: number; readonly turns: number },
  options: BenchOptions,
): Promise<{ clock: BenchClock; probes: ProbeRate[] }> {
  const bench = new BenchScope(holder);
  try {
    const here = arithmeticProbes.filter(({ number }) => number === 'f32' || holder.features.has('shader-f16'));
    const most = Math.max(...here.map((probe) => probe.accumulators * probeLanes(probe)));
    // All write their ends into one buffer: each is checked on its own below.
    const ends = bench.buffer(invocations * most, 'ends');
    const cases = here.map((probe): BenchCase & { readonly probe: ArithmeticProbe } => {
      const kernel = arithmeticProbeKernel(probe);
      const call = arithmeticProbeCall(probe, invocations, turns);
      const operands = probeOperands(probe, 1, 1, (chain) => chain);
      return {
        probe,
        name: kernel.name,
        program: [bench.dispatch({ kernel, ...call, storage: [operands, ends] })],
        flops: call.flops,
      };
    });
    await bench.ready(options.signal);
    for (const one of cases) await checkEnds(bench, one, ends, invocations, turns);
    const results = await measureInterleaved(holder, cases, options);
    return {
      clock: results[0]?.clock ?? 'wall',
      probes: here.map((probe, i) => ({ ...probe, gflops: (results[i]?.flopsPerSecond ?? 0) / 1e9 })),
    };
  } finally {
    bench.destroy();
  }
}

/** Every chain counts from its own number, in odd invocations from the next, so its end says how many steps it took. */
async function checkEnds(
  bench: BenchScope,
  { probe, name, program }: BenchCase & { readonly probe: ArithmeticProbe },
  ends: GPUBuffer,
  invocations: number,
  turns: number,
): Promise<void> {
  await bench.run(program);
  const lanes = probeLanes(probe);
  const found = await bench.read(ends, invocations * probe.accumulators * lanes);
  const steps = probeSteps(probe, turns);
  const { accumulators } = probe;
  const counted = (chain: number) => (chain % accumulators) + (Math.floor(chain / accumulators) % 2) + steps;
  if (found.every((end, i) => end === counted(Math.floor(i / lanes)))) return;
  throw wrong(name);
}

async function measureBandwidth(
  holder: DeviceHolder,
  mebibytes: number,
  options: BenchOptions,
): Promise<BandwidthRate[]> {
  const bench = new BenchScope(holder);
  try {
    const { maxBufferSize } = holder.device.limits;
    const bytes = Math.min(mebibytes * 2 ** 20, holder.maxStorageBufferBindingSize, maxBufferSize);
    const vectors = Math.floor(bytes / 16 / bandwidthProbeStride) * bandwidthProbeStride;
    const data = noise(vectors * 4);
    const source = bench.buffer(data, 'data');
    const target = bench.buffer(vectors * 4, 'copy');
    const cases = bandwidthProbeVariants.map((kernel): BenchCase & { readonly kernel: Kernel } => {
      const { outputElements: _, bytes, ...call } = bandwidthProbeCall(kernel, vectors);
      const dispatch = bench.dispatch({ kernel, ...call, storage: [source, target], flops: bytes / 4 });
      return { kernel, name: kernel.name, program: [dispatch], flops: 0, bytes };
    });
    await bench.ready(options.signal);
    for (const { name, kernel, program } of cases) {
      await bench.run(program);
      const { outputElements } = bandwidthProbeCall(kernel, vectors);
      const moved = new Uint32Array((await bench.read(target, outputElements)).buffer);
      if (total(moved) !== total(data)) throw wrong(name);
    }
    const results = await measureInterleaved(holder, cases, options);
    return results.map(({ name, bytesPerSecond = 0 }) => ({
      form: name.split('.').at(-1) as string,
      mebibytes: (vectors * 16) / 2 ** 20,
      gigabytesPerSecond: bytesPerSecond / 1e9,
    }));
  } finally {
    bench.destroy();
  }
}

/** Sum modulo 2^32, which both probes keep. */
function total(values: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum = (sum + (values[i] as number)) >>> 0;
  return sum;
}

function wrong(name: string): WebDiTError {
  return new WebDiTError(
    'numeric',
    `The probe ${name} gave wrong results on this adapter.`,
    'Update the browser and the graphics driver, and report the adapter name if it persists.',
  );
}
