import { expect, test } from 'vitest';
import { runKernel, worstError } from '../../testing/run-kernel.ts';
import { runnableHere } from '../../testing/runnable.ts';
import {
  type ArithmeticProbe,
  arithmeticProbeCall,
  arithmeticProbes,
  arithmeticProbeVariants,
  probeLanes,
  probeOperands,
  probeSteps,
} from './index.ts';
import { arithmeticProbeReference } from './reference.ts';

const here = await runnableHere(arithmeticProbeVariants);
const runnable = here.map((kernel) => {
  return { kernel, probe: arithmeticProbes[arithmeticProbeVariants.indexOf(kernel)] as ArithmeticProbe };
});

// Four times the worst measured, 1.5e-7 and 8.5e-4.
const tolerance = { f32: 6e-7, f16: 3.4e-3 };

test('the f32 family has sixteen members and all run', () => {
  expect(runnable.filter(({ probe }) => probe.number === 'f32')).toHaveLength(16);
});

test.each(runnable)('$kernel.name computes every chain to its end', async ({ probe, kernel }) => {
  const invocations = 67;
  const turns = 5;
  const lanes = probeLanes(probe);
  const run = async (operands: Float32Array) => {
    const call = arithmeticProbeCall(probe, invocations, turns);
    const ends = invocations * probe.accumulators * lanes;
    const [actual] = await runKernel({ kernel, ...call, storage: [operands, ends] });
    const perChain = operands.filter((_, i) => i % lanes === 0);
    const steps = probeSteps(probe, turns);
    const expected = Float64Array.from(
      Array.from({ length: invocations }, (_, invocation) => [
        ...arithmeticProbeReference(perChain, steps, invocation),
      ]).flatMap((chains) => chains.flatMap((end) => Array<number>(lanes).fill(end))),
    );
    return { actual: actual as Float32Array, expected };
  };
  const rough = await run(probeOperands(probe, 0.96875, 0.0625, (chain) => chain / 4 - 1));
  expect(worstError(rough.actual, rough.expected)).toBeLessThan(tolerance[probe.number]);
  // The operands the benchmark uses: counting, which is exact.
  const counted = await run(probeOperands(probe, 1, 1, (chain) => chain));
  expect([...counted.actual]).toEqual([...counted.expected]);
});
