import { readFileSync } from 'node:fs';
import {
  type Calibration,
  compileRunPlan,
  type DecisionRule,
  parseCalibration,
  type RunPlan,
  relativeError,
  samplerName,
  startDeciding,
  torchRandn,
} from '@webdit/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../../../testing/golden.ts';
import { decidedPicture, decisionsOf, probeDecisions } from '../../../../testing/probe-decisions.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { repositoryPath, tensorsOf } from '../../../../testing/repository.ts';

const tiny = 'goldens/dit-original-tiny';
const steps = 10;
const init = torchRandn(1, 4 * 16 * 16);

let loaded: Awaited<ReturnType<typeof loadModel>>;
beforeAll(async () => {
  loaded = await loadModel(tiny);
});
afterAll(() => loaded.model.dispose());

function planOf(cache: string) {
  const { config: model, scheduler: sampler } = loaded.folder;
  const inputChange = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
  const calibration: Calibration = {
    format: 'webdit-calibration/1',
    steps,
    sampler: samplerName(sampler),
    branchChange: { attn: [[], [], []], mlp: [[], [], []] },
    residualRatio: inputChange,
    inputChange,
    outputChange: inputChange,
  };
  return compileRunPlan({ model, sampler, steps, guidanceScale: 1.5, label: 3, cache, calibrations: [calibration] });
}

const letters = (skips: readonly number[]) =>
  decisionsOf(Array.from({ length: steps }, (_, n) => ({ kind: skips.includes(n) ? 'skip' : 'full' })));

/** Steps that a rule has skipped, given what the probes that ask measure. */
function replay(plan: RunPlan, rule: DecisionRule, changes: readonly number[]): number[] {
  const decider = startDeciding(rule);
  const measured = changes.values();
  return plan.steps.flatMap(({ n, probe }) => {
    if (probe?.asks) return decider.decide(measured.next().value as number) ? [n] : [];
    decider.computed();
    return [];
  });
}

// On every adapter the decisions are these, which are those of the f64 reference; latents within 1e-5 of it.
test.each([
  ['teacache:t0.3_d4', 'FF-F--F--F', steps - 2],
  ['dbcache:F1_B0_t1.24_w2', 'FFF----F--', steps - 2],
  ['dbcache:F2_B1_t1.2_w1_c2_m4', 'F-F--F-FFF', steps - 1],
])('%s decides and computes as defined, again and again', async (cache, decided, probes) => {
  const plan = planOf(cache);
  const rule = plan.decision as DecisionRule;
  const reference = new ReferenceDiT(loaded.folder.config, tensorsOf(`${tiny}/model.safetensors`));
  const expected = reference.run(plan, init);
  expect(letters(expected.skips)).toBe(decided);
  expect(expected.changes).toHaveLength(probes);
  // No decision is closer than a thousand times the error of an adapter.
  for (const scale of [0.99, 1, 1.01]) {
    const moved = { ...rule, threshold: rule.threshold * scale };
    expect(letters(replay(plan, moved, expected.changes)), `threshold times ${scale}`).toBe(decided);
  }
  const crossed = JSON.parse(JSON.stringify(plan)) as typeof plan;
  const first = await loaded.model.run(crossed, init, { trace: { latents: true } });
  expect(decisionsOf(first.steps)).toBe(decided);
  expect(first.waits).toEqual({ final: 1, probe: probes });
  for (const { n, kind, flops } of first.steps) {
    expect(flops).toBe(kind === 'skip' ? plan.steps[n]?.skipFlops : plan.steps[n]?.flops);
  }
  const latents = first.trace.latents as Float32Array;
  expected.latents.forEach((step, n) => {
    const found = latents.subarray(n * init.length, (n + 1) * init.length);
    expect(relativeError(found, step), `step ${n}`).toBeLessThan(1e-5);
  });
  const again = await loaded.model.run(plan, init);
  expect([...again.latents]).toEqual([...first.latents]);
});

test('an abort during a probe leaves nothing behind', async () => {
  const plan = planOf('dbcache:F1_B0_t1.24_w1');
  const whole = await loaded.model.run(plan, init);
  const controller = new AbortController();
  const reason = new Error('enough');
  const run = loaded.model.run(plan, init, {
    signal: controller.signal,
    onStep: ({ n }) => {
      if (n === 1) controller.abort(reason);
    },
  });
  await expect(run).rejects.toBe(reason);
  expect([...(await loaded.model.run(plan, init)).latents]).toEqual([...whole.latents]);
});

// The same list in policies.full.e2e.ts, in Chromium. Thresholds a five-hundredth off change nothing, so that no adapter's error does.
test.each(probeDecisions)('$cache decides on emoji-dit as on every adapter', async ({ cache, steps, decided }) => {
  const { model, folder } = await loadModel('models/emoji-dit', { weightDType: 'f16' });
  const { seed, ...picture } = decidedPicture;
  const plan = compileRunPlan({
    model: folder.config,
    sampler: folder.scheduler,
    calibrations: folder.calibrations.map((path) => {
      const text = readFileSync(repositoryPath(`models/emoji-dit/${path}`), 'utf8');
      return parseCalibration(JSON.parse(text), path);
    }),
    steps,
    cache,
    ...picture,
  });
  const rule = plan.decision as DecisionRule;
  const noise = torchRandn(seed, init.length);
  for (const scale of [0.998, 1, 1.002]) {
    const moved = { ...plan, decision: { ...rule, threshold: rule.threshold * scale } };
    expect(decisionsOf((await model.run(moved, noise)).steps), `threshold times ${scale}`).toBe(decided);
  }
  model.dispose();
});
