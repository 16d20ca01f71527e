import { readFileSync } from 'node:fs';
import {
  type CacheSpec,
  compileRunPlan,
  latentPlane,
  parseCalibration,
  policyNames,
  type RunPlan,
  samplerName,
  torchRandn,
} from '@webdit/core';
import { afterAll, describe, expect, test } from 'vitest';
import { openModelFolder } from '../../../../packages/weights/src/index.ts';
import { pathSource } from '../../../../packages/weights/src/node.ts';
import { loadOpened } from '../../../../testing/golden.ts';
import { testDevice } from '../../../../testing/gpu.ts';
import { repositoryPath } from '../../../../testing/repository.ts';
import { grantsOf } from './counting-device.ts';
import { MemoryCount } from './memory-count.ts';

const holder = await testDevice();
const { device } = holder;

/** Bytes of all buffers that are made and not destroyed, whoever made them. */
let alive = 0;
const { createBuffer } = device;
device.createBuffer = (descriptor) => {
  const buffer = createBuffer.call(device, descriptor);
  const destroy = buffer.destroy.bind(buffer);
  alive += buffer.size;
  buffer.destroy = () => {
    alive -= buffer.size;
    return destroy();
  };
  return buffer;
};
afterAll(() => {
  device.createBuffer = createBuffer;
});

const measured = parseCalibration(
  JSON.parse(readFileSync(repositoryPath('models/emoji-dit/calibration/ddim-respaced-50.json'), 'utf8')),
  'of emoji-dit',
);
/** Of a model with cross-attention, whose changes are made up. */
const calibration = { ...measured, branchChange: { ...measured.branchChange, cross: measured.branchChange.attn } };
const asked: readonly CacheSpec[] = [...policyNames(), 'procache:B11', 'dbcache:F2_B1_t0.1_w1'];

describe.each(['models/emoji-dit', 'goldens/dit-original-tiny', 'goldens/pixart-tiny-microcond'])('%s', (path) => {
  test.each(['f32', 'f16', 'int8'] as const)('%s takes what was counted without a device', async (weightDType) => {
    const before = alive;
    const folder = await openModelFolder(pathSource(repositoryPath(path)));
    const model = await loadOpened(folder, { weightDType });
    const { config, scheduler: sampler } = folder;
    const count = new MemoryCount(config, weightDType, grantsOf(holder));
    expect(within(count.loading, model.bytes.peak)).toBe(true);
    expect(alive - before).toBe(model.bytes.current);
    const init = torchRandn(1, config.inChannels * latentPlane(config));
    const condition = config.kind === 'dit' ? { label: 1 } : {};
    const calibrations = [{ ...calibration, sampler: samplerName(sampler) }];
    const planOf = (cache: CacheSpec, guidanceScale: number, steps = 50) =>
      compileRunPlan({ model: config, sampler, steps, guidanceScale, ...condition, cache, calibrations });
    /** Prompts of as many tokens as are counted: the most there may be. */
    const textOf = ({ labels }: RunPlan) => {
      if (config.kind === 'dit') return undefined;
      const embeddings = new Float32Array(config.maxCaptionTokens * config.captionChannels).fill(0.5);
      return { captions: labels.map(() => ({ embeddings })) };
    };
    const totalOf = ({ activations, cache }: ReturnType<MemoryCount['run']>) => count.weights + activations + cache;

    const short = planOf('none', 3, 2);
    const run = await model.run(short, init, { text: textOf(short) });
    expect(within(totalOf(count.run(short)), run.peakBytes)).toBe(true);

    for (const guidanceScale of [3, 1]) {
      for (const cache of asked) {
        const plan = planOf(cache, guidanceScale);
        // Everything is allocated before the loop, and only then the signal is looked at.
        const stopped = model.run(plan, init, { text: textOf(plan), signal: AbortSignal.abort('counted') });
        await expect(stopped, String(cache)).rejects.toBe('counted');
        const counted = totalOf(count.run(plan));
        expect([cache, within(counted, model.bytes.peak), counted]).toEqual([cache, true, counted]);
        expect(alive - before).toBe(model.bytes.current);
      }
    }
    model.dispose();
    expect(alive).toBe(before);
  });
});

/** To 3 %. */
function within(counted: number, real: number): boolean {
  return Math.abs(counted / real - 1) < 0.03;
}
