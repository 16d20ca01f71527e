import { expect, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
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
  expect(result.seen).toEqual({
    steps: 4,
    sampler: 'ddim-respaced',
    depth: 8,
    tokens: 64,
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
      remedy: 'Use one of: none, fora, procache, every-other, throws, cold.',
    },
  });
  expect(await longFrames(page)).toEqual([]);
});
