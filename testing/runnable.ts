import type { Kernel } from '../shaders/index.ts';
import { testDevice } from './gpu.ts';

/** The variants this adapter has the features for; says aloud which it has not. */
export async function runnableHere(variants: readonly Kernel[]): Promise<readonly Kernel[]> {
  const { features } = (await testDevice()).device;
  const runnable = variants.filter((kernel) => (kernel.features ?? []).every((name) => features.has(name)));
  const left = variants.filter((kernel) => !runnable.includes(kernel));
  if (left.length > 0) {
    const missing = new Set(left.flatMap((kernel) => kernel.features ?? []).filter((name) => !features.has(name)));
    process.stdout.write(
      `not run here, for want of ${[...missing].join(' and ')}: ${left.length} ${left[0]?.op} variants\n`,
    );
  }
  return runnable;
}
