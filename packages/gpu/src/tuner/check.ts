import { worstError } from '@webdit/core';
import type { Allocator } from '../allocator.ts';
import { BufferScope } from '../allocator.ts';
import type { PipelineCache } from '../pipelines.ts';
import { ProgramBuilder, submitProgram } from '../program.ts';
import { readFloats } from '../readback.ts';
import type { NumericCheck, OpVariant } from './op.ts';

/** Runs a compiled variant on its op's awkward case. True when the result is the reference's. */
export async function passesCheck(
  allocator: Allocator,
  pipelines: PipelineCache,
  check: NumericCheck,
  variant: OpVariant,
): Promise<boolean> {
  return (await checkError(allocator, pipelines, check, variant)) <= check.tolerance;
}

/** The same: the worst deviation of all outputs over their root mean square; NaN where a value is none or was not written. */
export async function checkError(
  allocator: Allocator,
  pipelines: PipelineCache,
  check: NumericCheck,
  variant: OpVariant,
): Promise<number> {
  const { device } = allocator.holder;
  const scope = new BufferScope(allocator);
  try {
    const { outputs, dispatch } = check.prepare(scope);
    for (const output of outputs) {
      device.queue.writeBuffer(output, 0, new Float32Array(output.size / 4).fill(Number.NaN));
    }
    const prepared = new ProgramBuilder('tuner', pipelines, scope).add(dispatch(check.formOf(variant)));
    await allocator.settle();
    submitProgram(device, [prepared]);
    const errors: number[] = [];
    for (const [i, expected] of check.expected.entries()) {
      const values = await readFloats(allocator.holder, scope, outputs[i] as GPUBuffer, expected.length);
      errors.push(worstError(values, expected));
    }
    return Math.max(...errors);
  } finally {
    scope.destroy();
  }
}
