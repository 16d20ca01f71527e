import { expect, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { decidedPicture, decisionsOf, probeDecisions } from '../testing/probe-decisions.ts';
import { longFrames, openBlank, watchFrames, webditUrl } from './support.ts';

test('a policy registered on the page is compiled there and runs in the worker', async ({ page }) => {
  await watchFrames(page);
  await openBlank(page);
  const result = await page.evaluate(async (webditUrl) => {
    const { DiffusionPipeline, registerPolicy }: typeof Webdit = await import(webditUrl);
    let seen: Webdit.RunSpec | undefined;
    registerPolicy({
      name: 'every-other',
      plan: (run, { log }) => {
        if (typeof log === 'function') log();
        seen = run;
        const steps = Array.from({ length: run.steps }, (_, n) =>
          n % 2 === 0 ? ({ kind: 'full', storesCache: true } as const) : ({ kind: 'reuse' } as const),
        );
        return { name: 'every-other_2', derived: false, selection: null, steps };
      },
    });
    registerPolicy({ name: 'throws', plan: () => (null as unknown as { steps: Webdit.PolicyPlan }).steps });
    const cold = {
      name: 'cold',
      derived: false,
      selection: null,
      steps: [{ kind: 'reuse' }, { kind: 'full' }],
    } as const;
    registerPolicy({ name: 'cold', plan: () => cold });

    const pipe = await DiffusionPipeline.fromPretrained('/models/emoji-dit/');
    const draw = (cache: Webdit.CacheSpec, numInferenceSteps = 4) =>
      pipe.generate({ label: 'pizza' }, { seed: 7, numInferenceSteps, outputType: 'latent', cache });
    // Calls keep their order although the first one has to ask the page for its plan.
    const order: string[] = [];
    let logged = 0;
    const [own, fora] = await Promise.all(
      [draw({ policy: 'every-other', log: () => logged++ }), draw('fora:2')].map(async (drawing) => {
        const { report, latents } = await drawing;
        order.push(report.policy);
        return {
          kinds: report.steps.map(({ kind }) => kind),
          latents: [...latents.data],
          ratio: report.flopRatio.executed,
        };
      }),
    );
    const failures: Record<string, unknown> = {};
    for (const cache of ['throws', 'cold', 'every-othr']) {
      failures[cache] = await draw(cache, 2).catch(({ code, message, remedy }) => ({ code, message, remedy }));
    }
    const { thread } = pipe.info;
    await pipe.dispose();
    return { thread, order, own, fora, seen, logged, failures };
  }, webditUrl);

  expect(result.thread).toBe('worker');
  expect(result.order).toEqual(['every-other_2', 'fora_N2']);
  expect(result.own?.kinds).toEqual(['full', 'reuse', 'full', 'reuse']);
  // fora counts its full steps back from the last.
  expect(result.fora?.kinds).toEqual(['full', 'full', 'reuse', 'full']);
  expect(result.own?.latents).not.toEqual(result.fora?.latents);
  expect(result.own?.latents.every(Number.isFinite)).toBe(true);
  expect(result.own?.ratio).toBeGreaterThan(1.9);
  const { moves, ...seen } = result.seen as Webdit.RunSpec;
  expect(moves.map(({ timestep }) => timestep)).toEqual([999, 666, 333, 0]);
  expect(seen).toEqual({
    steps: 4,
    sampler: 'ddim-respaced',
    calibration: null,
    kind: 'dit',
    depth: 8,
    branches: ['attn', 'mlp'],
    tokens: 64,
    grid: { rows: 8, columns: 8 },
    hiddenSize: 256,
    schedules: [],
  });
  // Settings of the page's own policies stay on the page, where they may be functions.
  expect(result.logged).toBe(1);
  expect(result.failures).toEqual({
    throws: {
      code: 'bad-argument',
      message: expect.stringMatching(/^The cache policy "throws" failed: .*null/),
      remedy: 'Correct the policy, or use another one.',
    },
    cold: {
      code: 'schedule-mismatch',
      message: 'The cache policy "cold" reads the cache at step 0, but the full step before it stored none.',
      remedy: expect.stringContaining('Begin with a full step'),
    },
    'every-othr': {
      code: 'unknown-policy',
      message: 'There is no cache policy named "every-othr".',
      remedy: expect.stringMatching(/^Use one of: none, fora, .*procache, .*every-other, throws, cold\.$/),
    },
  });
  expect(await longFrames(page)).toEqual([]);
});

test('policies that decide during the run do so in the worker, as on every adapter', async ({ page }) => {
  await openBlank(page);
  const runs = await page.evaluate(
    async ({ webditUrl, policies, picture: { label, ...settings } }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained('/models/emoji-dit/');
      const found = [];
      for (const { cache, steps } of policies) {
        const seen: Webdit.StepKind[] = [];
        const { report, latents } = await pipe.generate(
          { label },
          {
            ...settings,
            numInferenceSteps: steps,
            outputType: 'latent',
            cache,
            onStep: ({ kind }) => seen.push(kind),
          },
        );
        found.push({ seen, report, finite: latents.data.every(Number.isFinite) });
      }
      const { thread } = pipe.info;
      await pipe.dispose();
      return { thread, found };
    },
    { webditUrl, policies: probeDecisions, picture: decidedPicture },
  );
  expect(runs.thread).toBe('worker');
  for (const [i, { cache, steps, decided }] of probeDecisions.entries()) {
    const { seen, report, finite } = runs.found[i] as (typeof runs.found)[number];
    expect(decisionsOf(report.steps), cache).toBe(decided);
    expect(seen).toEqual(report.steps.map(({ kind }) => kind));
    const full = decided.split('F').length - 1;
    expect(report.totals.byKind.full?.count).toBe(full);
    expect(report.totals.byKind.skip?.count).toBe(steps - full);
    // TeaCache asks in all but the first step and the last, DBCache after its warm-up of two.
    expect(report.waits).toEqual({ final: 1, probe: steps - 2 });
    // A skip runs one block of eight with DBCache, and none with TeaCache.
    const { executed } = report.flopRatio;
    const least = steps / (full + (steps - full) * 0.2);
    expect(executed, cache).toBeGreaterThan(least);
    expect(executed, cache).toBeLessThan(steps / full);
    expect(finite).toBe(true);
  }
});
