import { expect, test } from 'vitest';
import { runKernel } from '../../testing/run-kernel.ts';
import { bandwidthCopyKernel, bandwidthProbeCall, bandwidthProbeStride, bandwidthProbeVariants } from './index.ts';
import { bandwidthReadReference } from './reference.ts';

test.each(bandwidthProbeVariants.map((kernel) => [kernel.name, kernel] as const))(
  '%s moves every bit',
  async (_, kernel) => {
    const vectors = 3 * bandwidthProbeStride;
    const data = Uint32Array.from({ length: vectors * 4 }, (_, i) => Math.imul(i + 1, 2654435761));
    const { outputElements, ...call } = bandwidthProbeCall(kernel, vectors);
    const [output] = await runKernel({ kernel, ...call, storage: [data, outputElements] });
    const actual = new Uint32Array((output as Float32Array).buffer);
    expect([...actual]).toEqual([...(kernel === bandwidthCopyKernel ? data : bandwidthReadReference(data))]);
  },
);
