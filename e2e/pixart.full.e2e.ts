import { readFileSync } from 'node:fs';
import { expect, type Page, test } from 'playwright/test';
import { relativeError } from '../packages/core/src/metrics.ts';
import { policyNames } from '../packages/core/src/policies/registry.ts';
import type * as Webdit from '../packages/webdit/src/index.ts';
import {
  encodeSafetensors,
  parseSafetensors,
  tensorToFloat32,
} from '../packages/weights/src/safetensors/whole-file.ts';
import { repositoryPath } from '../testing/repository.ts';
import { openBlank, sourceUrl, webditUrl } from './support.ts';

const folder = (name: string) => `${sourceUrl(`goldens/${name}`)}/`;
const tiny = folder('pixart-tiny');
const steps = 20;
/** goldens/pixart-tiny/golden.json: what f32 arithmetic reaches. */
const target = 1e-4;

/** The golden's run of 20 steps: prompts `[tokens, width]` with masks, first and last latents. */
function readGolden() {
  const tensors = parseSafetensors(readFileSync(repositoryPath('goldens/pixart-tiny/golden.safetensors')));
  const floats = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`the golden has no ${name}`);
    return tensorToFloat32(tensor);
  };
  const row = (name: string, index: number) => {
    const all = floats(name);
    return all.slice((index * all.length) / 2, ((index + 1) * all.length) / 2);
  };
  const init = floats('dpm_init');
  return {
    init,
    last: floats('dpm_latents').slice(-init.length),
    prompt: row('encoder_hidden_states', 0),
    promptMask: row('encoder_attention_mask', 0),
    negative: row('encoder_hidden_states', 1),
    negativeMask: row('encoder_attention_mask', 1),
  };
}

const golden = readGolden();
const tokens = golden.promptMask.length;
const width = golden.prompt.length / tokens;

/** The same prompts as a file, as diffusers' names have it. */
function promptFile(): Uint8Array {
  const tensor = (data: Float32Array, ...shape: number[]) => ({ dtype: 'F32' as const, shape, data });
  return encodeSafetensors({
    prompt_embeds: tensor(golden.prompt, 1, tokens, width),
    prompt_attention_mask: tensor(golden.promptMask, 1, tokens),
    negative_prompt_embeds: tensor(golden.negative, 1, tokens, width),
    negative_prompt_attention_mask: tensor(golden.negativeMask, 1, tokens),
  });
}

/** What a page needs to draw the golden's prompt. */
const given = {
  webditUrl,
  tiny,
  shape: [tokens, width],
  file: [...promptFile()],
  ...(Object.fromEntries(Object.entries(golden).map(([name, data]) => [name, [...data]])) as {
    readonly [K in keyof typeof golden]: number[];
  }),
};

/** Policies that need no calibration: what reports call them, and what they do at each step; a pattern where they decide on the way. */
const policies: Readonly<Record<string, readonly [name: string, kinds: string | RegExp]>> = {
  fora: ['fora_N3', 'FFRRFRRFRRFRRFRRFRRF'],
  toca: ['toca_N3_r0.3', 'FSSSFSFSSFSSFSSFSSFS'],
  duca: ['duca_N3_r0.75', 'FS-SF-FS-FS-FS-FS-FS'],
  'delta-dit': ['delta-dit_N3_b75_c50', 'FF--F--F--F--F--F--F'],
  taylorseer: ['taylorseer_N3_O2', 'FFTTFTTFTTFTTFTTFTTF'],
  'teacache:t0.3': ['teacache_t0.3_d0', /^F[F-]{19}$/],
  'dbcache:F1_B0_t0.3_w2': ['dbcache_F1_B0_t0.3_w2_c0_m0', /^FF[F-]{18}$/],
  procache: ['procache_s3x6.2x1_D3_r0.3', 'FRSFRSFRSFRSFRSFRSFR'],
  'procache:reversed': ['procache_p1x1.120x6.1x1_D3_r0.3', 'FFSRFSRFSRFSRFSRFSRF'],
  'procache+': ['procache+_p1x1.100x1.1000x1.100x1.1000x1.100x1.10x1_O1_c0.5', 'FFTTFTTTFTTFTTTFTTFT'],
};

const letters: Readonly<Record<Webdit.StepKind, string>> = {
  full: 'F',
  reuse: 'R',
  selective: 'S',
  forecast: 'T',
  skip: '-',
};

/** One page and one pipeline for all: compiling the model's kernels takes a software GPU far longer than running it. */
interface Shared {
  readonly pipe: Webdit.DiffusionPipeline;
}
let page: Page;
test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
  await openBlank(page);
  await page.evaluate(async ({ webditUrl, tiny }) => {
    const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
    Object.assign(window, { pipe: await DiffusionPipeline.fromPretrained(tiny) });
  }, given);
});
test.afterAll(() => page.close());

test('a worker in Chromium paints the golden latents from embeddings, and with every policy others near them', async () => {
  const withSettings = Object.keys(policies).map((cache) => cache.replace(/:.*/, ''));
  const calibrated = ['smoothcache', 'magcache'];
  expect(new Set([...withSettings, ...calibrated, 'none'])).toEqual(new Set(policyNames()));
  const { thread, defaults, arrays, cached, verified } = await page.evaluate(
    async ({ given, caches }) => {
      const { pipe } = window as unknown as Shared;
      const { thread, model } = pipe.info;
      const latents = { data: Float32Array.from(given.init), shape: [4, 16, 16] };
      const draw = async (prompt: Webdit.PromptInput, cache: string) => {
        const seen: Webdit.StepKind[] = [];
        const onStep = ({ kind }: Webdit.StepEvent) => void seen.push(kind);
        const result = await pipe.generate(prompt, { latents, cache, outputType: 'latent', onStep });
        const { data, shape } = result.latents;
        return { image: result.image, data: [...data], shape, report: result.report, seen };
      };
      const input = {
        promptEmbeds: { data: Float32Array.from(given.prompt), shape: given.shape },
        promptAttentionMask: given.promptMask,
        negativePromptEmbeds: { data: Float32Array.from(given.negative), shape: given.shape },
        negativePromptAttentionMask: given.negativeMask,
      };
      const arrays = await draw(input, 'none');
      const file = { promptEmbeds: Uint8Array.from(given.file) };
      const cached = [];
      for (const cache of ['none', ...caches]) cached.push(await draw(file, cache));
      const { ok, checks, worst } = await pipe.verify(new URL(given.tiny, location.href));
      const verified = { ok, checks: checks.map(({ tensor }) => tensor), severity: worst.severity };
      return { thread, defaults: model.defaults, arrays, cached, verified };
    },
    { given, caches: Object.keys(policies) },
  );
  expect(thread).toBe('worker');
  expect(defaults).toEqual({ numInferenceSteps: steps, guidanceScale: 4.5 });
  expect([arrays.image, arrays.shape]).toEqual([null, [1, 4, 16, 16]]);
  const uncached = Float32Array.from(arrays.data);
  expect(relativeError(uncached, golden.last)).toBeLessThan(target);
  // The file holds the same prompts, so its run gives the same bytes.
  const [same, ...others] = cached;
  expect(same?.data).toEqual(arrays.data);
  for (const [i, [cache, [name, kinds]]] of Object.entries(policies).entries()) {
    const { data, report, seen } = others[i] as (typeof others)[number];
    expect(report.policy, cache).toBe(name);
    const done = report.steps.map(({ kind }) => letters[kind]).join('');
    expect(done, cache).toMatch(typeof kinds === 'string' ? new RegExp(`^${kinds}$`) : kinds);
    expect(seen.map((kind) => letters[kind]).join(''), cache).toBe(done);
    expect(report.flopRatio.executed, cache).toBeGreaterThan(1.3);
    expect(data.every(Number.isFinite), cache).toBe(true);
    const error = relativeError(Float32Array.from(data), uncached);
    expect(error, cache).toBeGreaterThan(1e-4);
    expect(error, cache).toBeLessThan(1);
  }
  expect(verified).toEqual({ ok: true, checks: ['out', 'dpm_latents'], severity: expect.any(Number) });
  expect(verified.severity).toBeLessThan(1);
});

test('an abort rejects with its reason and changes nothing; surplus tokens are told of; sizes are free', async () => {
  const result = await page.evaluate(async (given) => {
    const { pipe } = window as unknown as Shared;
    const prompt = { promptEmbeds: Uint8Array.from(given.file) };
    const [, width = 0] = given.shape;
    const draw = async (input: Webdit.GenerateInput, options: Webdit.GenerateOptions<'latent'> = {}) => {
      const { latents } = await pipe.generate(input, { seed: 7, outputType: 'latent', ...options });
      return { shape: latents.shape, data: [...latents.data] };
    };

    const before = await draw(prompt);
    const stop = new AbortController();
    const reason = new Error('enough');
    let steps = 0;
    const onStep = ({ n }: Webdit.StepEvent) => {
      steps = n + 1;
      if (n === 7) stop.abort(reason);
    };
    const aborted = await draw(prompt, { onStep, signal: stop.signal }).catch((error) => error === reason);
    const after = await draw(prompt);

    /** The prompt over and over again. */
    const long = (tokens: number) => ({
      promptEmbeds: {
        data: Float32Array.from({ length: tokens * width }, (_, i) => given.prompt[i % given.prompt.length] as number),
        shape: [tokens, width],
      },
      negativePromptEmbeds: { data: Float32Array.from(given.negative), shape: given.shape },
    });
    const few = { numInferenceSteps: 2 };
    const warnings: Webdit.WarningEvent[] = [];
    const cut = await draw(long(130), { ...few, onWarning: (warning) => warnings.push(warning) });
    const whole = await draw(long(120), { ...few, onWarning: (warning) => warnings.push(warning) });

    const wide = await draw(prompt, { ...few, height: 128, width: 192 });
    const tall = await draw(prompt, { ...few, height: 192, width: 128 });

    const narrow = { data: new Float32Array(2 * (width - 1)), shape: [2, width - 1] };
    const refused = [];
    for (const [input, options] of [
      [{ promptEmbeds: narrow, negativePromptEmbeds: narrow }, {}],
      [{ label: 1 }, {}],
      [{ promptEmbeds: long(2).promptEmbeds }, {}],
      [prompt, { height: 100 }],
    ] as const) {
      refused.push(
        await draw(input, options).then(
          () => null,
          ({ code, message }) => [code, message],
        ),
      );
    }
    const again = await draw(prompt);
    return { before, aborted, steps, after, warnings, cut, whole, wide, tall, refused, again };
  }, given);
  const { before, wide, tall } = result;
  expect(result.aborted).toBe(true);
  expect(result.steps).toBeGreaterThanOrEqual(8);
  expect(result.steps).toBeLessThan(steps);
  expect(before.data.every(Number.isFinite)).toBe(true);
  expect(result.after).toEqual(before);
  expect(result.warnings).toEqual([
    {
      code: 'prompt-cut',
      message: 'promptEmbeds has 130 tokens, and this model reads 120: the last 10 are left out.',
    },
  ]);
  expect(result.cut).toEqual(result.whole);
  expect([before.shape, wide.shape, tall.shape]).toEqual([
    [1, 4, 16, 16],
    [1, 4, 16, 24],
    [1, 4, 24, 16],
  ]);
  for (const { data } of [wide, tall]) {
    expect(data).toHaveLength(4 * 16 * 24);
    expect(data.every(Number.isFinite)).toBe(true);
  }
  // The same noise in rows of another length.
  expect(wide.data).not.toEqual(tall.data);
  expect(result.refused).toEqual([
    ['shape-mismatch', expect.stringContaining('[tokens, 48]')],
    ['bad-argument', 'This model draws prompts and has no classes.'],
    ['bad-argument', 'Guidance needs the embeddings of a negative prompt, and there are none.'],
    ['bad-argument', 'height is 100.'],
  ]);
  // Another size and a refusal leave nothing behind.
  expect(result.again).toEqual(before);
});

test('verify tells a model with size conditions the sizes of its golden', async () => {
  const { ok, checks, worst } = await page.evaluate(
    async ({ webditUrl, url }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained(url);
      const result = await pipe.verify(new URL(url, location.href));
      await pipe.dispose();
      return result;
    },
    { webditUrl, url: folder('pixart-tiny-microcond') },
  );
  expect(checks.map(({ tensor }) => tensor)).toEqual(['out', 'dpm_latents']);
  expect(worst.severity, JSON.stringify(worst)).toBeLessThan(1);
  expect(ok).toBe(true);
});
