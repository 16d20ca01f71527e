import { expect, type Page, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { openBlank, sourceUrl, webditUrl } from './support.ts';

const tinyModel = `${sourceUrl('goldens/dit-original-tiny')}/`;

/** Changes a source file of the worker's. */
async function addTo(page: Page, file: string, code: string, where: 'before' | 'behind'): Promise<void> {
  await page.route(`**${sourceUrl(file)}*`, async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: where === 'before' ? `${code}\n${body}` : `${body}\n${code}` });
  });
}

/**
 * SwiftShader compiles for seconds what a GPU's driver does in a blink. So there are two small candidates, and the worker's
 * clock goes at an eighth of its pace, lest a busy machine uses up the budget; the GPU has its own.
 */
async function makeTimeFor(page: Page): Promise<void> {
  const slowClock = `{
    const { now } = Performance.prototype;
    Performance.prototype.now = function () { return now.call(this) / 8; };
    const later = self.setTimeout;
    self.setTimeout = (call, ms, ...given) => later(call, 8 * ms, ...given);
  }`;
  const matmul = `
    self.smallTiling = registerTiling([8, 4], [8, 8]);
    matmulTilings.splice(0, Infinity, self.smallTiling, splitKTiling(4, [8, 8]));`;
  const attention = `for (const [name, { memory, subgroups }] of Object.entries(attentionTilings)) {
    if (memory !== 'register' || subgroups) delete attentionTilings[name];
  }`;
  // Whatever the table for this adapter is.
  const choice = 'staticChoice = () => fixedChoice(self.smallTiling);';
  await addTo(page, 'packages/webdit/src/worker.ts', slowClock, 'before');
  await addTo(page, 'shaders/matmul/tilings.ts', matmul, 'behind');
  await addTo(page, 'shaders/attention/tilings.ts', attention, 'behind');
  await addTo(page, 'packages/gpu/src/tiling.ts', choice, 'behind');
}

/** Loads a tiny model, and says where its kernels came from. */
function load(page: Page) {
  return page.evaluate(
    async ({ webditUrl, tinyModel }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained(tinyModel, { tune: 'always' });
      const { thread, tuning } = pipe.info;
      await pipe.dispose();
      return { thread, ...tuning };
    },
    { webditUrl, tinyModel },
  );
}

test('kernels tuned in the worker of one tab are known to that of the next', async ({ page, context }) => {
  await makeTimeFor(page);
  await openBlank(page);
  const first = await load(page);
  expect(first).toMatchObject({ thread: 'worker', source: 'measured', excluded: [] });
  const next = await context.newPage();
  await makeTimeFor(next);
  await openBlank(next);
  const second = await load(next);
  expect(second).toMatchObject({ thread: 'worker', source: 'stored', excluded: [] });
  expect(second.ms).toBeLessThan(first.ms);
});

/** Computes too little in the one tiling that the table for this adapter names. */
const wrongKernel = `
  const rightKernel = matmulKernel;
  matmulKernel = (variant) => {
    const kernel = rightKernel(variant);
    if (variant.tiling.name !== self.smallTiling.name) return kernel;
    return { ...kernel, source: kernel.source.replace('k < params.K4', 'k < 1u') };
  };`;

/** Loads without tuning, and checks: whether the forward pass is right, the kernels if wanted, and then again. */
function check(page: Page, withKernels: boolean) {
  return page.evaluate(
    async ({ webditUrl, tinyModel, withKernels }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained(tinyModel, { tune: 'never' });
      const verify = async () => (await pipe.verify(tinyModel, { cases: ['forward'] })).worst;
      const excludedBefore = pipe.info.tuning.excluded;
      const before = await verify();
      const wrong = withKernels ? (await pipe.checkKernels()).checks.filter(({ ok }) => !ok) : [];
      const after = await verify();
      const { excluded } = pipe.info.tuning;
      await pipe.dispose();
      return { excludedBefore, before, wrong: wrong.map(({ kernel }) => kernel), after, excluded };
    },
    { webditUrl, tinyModel, withKernels },
  );
}

test('a kernel that computes wrong is found and done without by one tab, and never run by the next', async ({
  page,
  context,
}) => {
  const prepare = async (tab: Page) => {
    await makeTimeFor(tab);
    await addTo(tab, 'shaders/matmul/index.ts', wrongKernel, 'behind');
    await openBlank(tab);
  };
  await prepare(page);
  const first = await check(page, true);
  const kernel = 'matmul.register-8x4.8x8.f32.store';
  expect(first).toMatchObject({ excludedBefore: [], wrong: [kernel], excluded: [kernel] });
  expect(first.before.ok).toBe(false);
  expect(first.before.error).toBeGreaterThan(0.1);
  expect(first.after).toMatchObject({ ok: true, tensor: 'out' });
  expect(first.after.error).toBeLessThan(1e-5);
  const next = await context.newPage();
  await prepare(next);
  const second = await check(next, false);
  expect(second).toMatchObject({ excludedBefore: [kernel], excluded: [kernel] });
  expect(second.before.ok).toBe(true);
  expect(second.before.error).toBeLessThan(1e-5);
});
