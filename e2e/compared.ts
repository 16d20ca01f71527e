import type { Page } from 'playwright/test';
import { compileRunPlan } from '../packages/core/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { readCanvas } from './canvas.ts';

/** Executed FLOPs of the uncached run over those of a policy, from their plans. */
export async function flopRatio(steps: number, cache: string): Promise<number> {
  const { config, scheduler } = await openModelFolder(pathSource('models/emoji-dit'));
  const flops = (cache: string) =>
    compileRunPlan({ model: config, sampler: scheduler, steps, guidanceScale: 3, label: 0, cache }).steps.reduce(
      (sum, step) => sum + step.flops,
      0,
    );
  return flops('none') / flops(cache);
}

/** RGBA bytes of a painted picture. */
export const canvasBytes = async (page: Page, selector: string) => (await readCanvas(page.locator(selector))).bytes;
