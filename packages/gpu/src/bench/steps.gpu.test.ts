import { expect, test } from 'vitest';
import { testDevice } from '../../../../testing/gpu.ts';
import { wholeProgram } from '../dit/graph.ts';
import type { Dispatch } from '../program.ts';
import { kernelCases } from './kernels.ts';
import { emojiDiT, narrowXL2 } from './models.ts';
import { prepareModel } from './prepare.ts';
import { BenchScope } from './scope.ts';
import { stepWorks } from './steps.ts';

const cost = (program: readonly Dispatch[]) => program.reduce((sum, dispatch) => sum + dispatch.cost, 0);

test.each([emojiDiT, narrowXL2])(
  'the work counted for a step of $name is what its dispatches say they cost',
  async (model) => {
    const bench = new BenchScope(await testDevice());
    try {
      const { graph, programs } = prepareModel(bench, model.config, 'f32');
      const works = stepWorks(model.config, 'f32');
      // Short dispatches are charged for being launched, and norms by a rule of thumb.
      expect(cost(programs.full) / works.full.flops).toBeCloseTo(1, 2);
      expect(cost(programs.storing) - cost(programs.full)).toBeLessThan(0.02 * works.full.flops);
      for (const block of graph.blocks) expect(wholeProgram(block).length).toBeLessThanOrEqual(8);
      expect(programs.reuse.length).toBeLessThan(8);
    } finally {
      bench.destroy();
    }
  },
);

test('every kernel case does the work it is credited with', async () => {
  const bench = new BenchScope(await testDevice());
  try {
    const cases = kernelCases(bench, emojiDiT, 'packed-f16');
    expect(cases).toHaveLength(16);
    const heavy = cases.filter(({ flops }) => flops > 1e6);
    expect(heavy.length).toBeGreaterThan(8);
    for (const { name, program, flops } of heavy) expect(cost(program) / flops, name).toBeCloseTo(1, 1);
    expect(cases.every(({ bytes }) => bytes > 0)).toBe(true);
  } finally {
    bench.destroy();
  }
});
