import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from 'playwright/test';
import { policyNames, samplerName } from '../packages/core/src/index.ts';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource, writeTextToImageTiny } from '../packages/weights/src/node.ts';
import { type FolderServer, serveFolder } from './folder-server.ts';
import { openBlank, webditUrl } from './support.ts';

let parent: string;
let server: FolderServer;
let page: Page;

/** One page and one pipeline for all: compiling the model's kernels takes a software GPU far longer than running it. */
interface Shared {
  readonly pipe: Webdit.DiffusionPipeline;
  /** What the text encoder made of `prompt`, after a picture of it had been drawn. */
  readonly encoded: Webdit.EncodedPrompt;
  readonly drawn: Drawn;
}

interface Drawn {
  /** Whether an abort while the encoder was being fetched came back as its reason. */
  readonly stopped: boolean;
  /** Of the text encoder, as they were fetched. */
  readonly files: readonly string[];
  readonly previews: readonly (readonly [width: number, colours: number])[];
  readonly size: readonly number[];
  readonly rgba: readonly number[];
}

const prompt = { prompt: 'A red fox in the snow', negativePrompt: 'blurry' };
const drawing = { seed: 7, numInferenceSteps: 3, outputType: 'imageData' } as const;
const policySteps = 6;
const encoderFiles = ['tokenizer/tokenizer.json', 'tokenizer/tokenizer_config.json', 'text_encoder/model.onnx'];

/** As if uncached runs had changed by a twentieth from step to step. */
async function calibrate(folder: string): Promise<void> {
  const { scheduler } = await openModelFolder(pathSource(folder));
  const lags = [1, 2, 3].map((lag) => Array<number>(policySteps - lag).fill(0.05 * lag));
  const [next] = lags;
  const calibration = {
    format: 'webdit-calibration/1',
    steps: policySteps,
    sampler: samplerName(scheduler),
    branchChange: { attn: lags, cross: lags, mlp: lags },
    residualRatio: next?.map(() => 1.01),
    inputChange: next,
    outputChange: next,
  };
  await writeFile(join(folder, 'calibration.json'), JSON.stringify(calibration));
  const index = join(folder, 'model_index.json');
  const parts = JSON.parse(await readFile(index, 'utf8'));
  await writeFile(index, JSON.stringify({ ...parts, calibrations: ['calibration.json'] }));
}

test.beforeAll(async ({ browser }) => {
  parent = await mkdtemp(join(tmpdir(), 'webdit-text-'));
  const folder = join(parent, 'model');
  await writeTextToImageTiny(folder, { dtype: 'F32', seed: 1 });
  // Any map does: that previews come is what matters here.
  const config = join(folder, 'vae/config.json');
  await writeFile(config, JSON.stringify({ ...JSON.parse(await readFile(config, 'utf8')), preview: 'preview.json' }));
  const map = { factors: [0.03, 0.02, 0.01, 0].map((value) => [value, 0.01, -value]), bias: [0, 0, 0] };
  await writeFile(join(folder, 'vae/preview.json'), JSON.stringify({ format: 'webdit-preview/1', ...map }));
  await calibrate(folder);
  server = await serveFolder(folder);
  page = await browser.newPage();
  await openBlank(page);
  await page.evaluate(
    async ({ webditUrl, model, prompt, drawing }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained(model);
      const stop = new AbortController();
      const reason = new Error('enough');
      const stopped = await pipe
        .generate(prompt, { ...drawing, signal: stop.signal, onProgress: () => stop.abort(reason) })
        .catch((error) => error === reason);
      const files: string[] = [];
      const previews: [number, number][] = [];
      const { image } = await pipe.generate(prompt, {
        ...drawing,
        onProgress: (event) => void (event.status === 'done' && files.push(event.file)),
        onPreview: ({ preview }) => void previews.push([preview.width, new Set(preview.data).size]),
      });
      const drawn = {
        stopped: stopped === true,
        files,
        previews,
        size: [image.width, image.height],
        rgba: [...image.data],
      };
      Object.assign(window, { pipe, drawn, encoded: await pipe.encodePrompt(prompt) } satisfies Shared);
    },
    { webditUrl, model: server.url, prompt, drawing },
  );
});
test.afterAll(async () => {
  await page.close();
  await server.stop();
  await rm(parent, { recursive: true });
});

test('words become a picture in a worker, with previews, the same as their embeddings', async () => {
  const { info, drawn, again, shapes, mask } = await page.evaluate(async (drawing) => {
    const { pipe, encoded, drawn } = window as unknown as Shared;
    const { thread, notes, model } = pipe.info;
    const { promptEmbeds, negativePromptEmbeds, promptAttentionMask } = encoded;
    const again = await pipe.generate(encoded, drawing);
    return {
      info: { thread, notes, text: model.text },
      drawn,
      again: [...again.image.data],
      shapes: [promptEmbeds.shape, negativePromptEmbeds?.shape],
      mask: promptAttentionMask.join(''),
    };
  }, drawing);
  expect(info).toMatchObject({ thread: 'worker', text: { width: 48, maxTokens: 120, prompts: true } });
  expect(info.notes.filter((note) => /prompt|preview/i.test(note))).toEqual([]);
  expect(drawn.stopped).toBe(true);
  expect(drawn.files).toEqual(encoderFiles);
  expect(drawn.previews.length).toBeGreaterThan(0);
  for (const [width, colours] of drawn.previews) expect([width, colours > 8]).toEqual([16, true]);
  expect(drawn.size).toEqual([128, 128]);
  expect(shapes).toEqual([
    [1, 120, 48],
    [1, 120, 48],
  ]);
  expect(mask).toMatch(/^1{7,12}0+$/);
  expect(new Set(drawn.rgba).size).toBeGreaterThan(50);
  expect(again).toEqual(drawn.rgba);
});

test('every policy draws words as it draws their embeddings; words once read need no encoder', async () => {
  server.requests.length = 0;
  // Those that decide on the way are told to reuse whenever they may.
  const settings: Readonly<Record<string, string>> = { teacache: 'teacache:t9', dbcache: 'dbcache:F1_B0_t9_w2' };
  const policies = policyNames().map((name) => settings[name] ?? name);
  expect(policies.length).toBeGreaterThan(11);
  const runs = await page.evaluate(
    async ({ prompt, policies, numInferenceSteps }) => {
      const { pipe, encoded } = window as unknown as Shared;
      const runs = [];
      for (const cache of policies) {
        const options = { seed: 7, numInferenceSteps, cache, outputType: 'latent' } as const;
        const [words, embeddings] = [await pipe.generate(prompt, options), await pipe.generate(encoded, options)];
        runs.push({ cache, words: [...words.latents.data], embeddings: [...embeddings.latents.data] });
      }
      return runs;
    },
    { prompt, policies, numInferenceSteps: policySteps },
  );
  const uncached = runs.find(({ cache }) => cache === 'none')?.words;
  for (const { cache, words, embeddings } of runs) {
    expect(words.every(Number.isFinite), cache).toBe(true);
    expect(embeddings, cache).toEqual(words);
    if (cache !== 'none') expect(words, cache).not.toEqual(uncached);
  }
  expect(server.requests).toEqual(['calibration.json']);
});

test('other words give other pictures; too many are cut and told of; guidance 1 reads no negative prompt', async () => {
  const { other, none, negative, unguided, cut, warnings, refused } = await page.evaluate(async (prompt) => {
    const { pipe } = window as unknown as Shared;
    const warnings: string[] = [];
    const draw = async (input: Webdit.GenerateInput, guidanceScale = 4.5) => {
      const onWarning = ({ message }: Webdit.WarningEvent) => void warnings.push(message);
      const options = { seed: 7, numInferenceSteps: 2, guidanceScale, outputType: 'latent', onWarning } as const;
      return [...(await pipe.generate(input, options)).latents.data].join();
    };
    const words = prompt.prompt;
    const result = {
      other: (await draw({ prompt: 'a blue house' })) === (await draw({ prompt: words })),
      none: (await draw({ prompt: words, negativePrompt: '' })) === (await draw({ prompt: words })),
      negative: (await draw({ prompt: words, negativePrompt: 'blue' })) === (await draw({ prompt: words })),
      unguided:
        (await draw({ prompt: words, negativePrompt: 'blue' }, 1)) === (await draw({ prompt: ` ${words} ` }, 1)),
      cut: (await draw({ prompt: 'fox '.repeat(130) }, 1)) === (await draw({ prompt: 'fox '.repeat(119) }, 1)),
    };
    const refused = await draw({ label: 1 }).catch(({ message }) => message as string);
    return { ...result, warnings, refused };
  }, prompt);
  expect({ other, none, negative, unguided, cut }).toEqual({
    other: false,
    none: true,
    negative: false,
    unguided: true,
    cut: true,
  });
  expect(warnings).toEqual(['prompt has 131 tokens, and this model reads 120: 11 before its end token are left out.']);
  expect(refused).toBe('This model draws prompts and has no classes.');
});

test('an abort stops a run of words, and changes nothing', async () => {
  const { stopped, steps, same } = await page.evaluate(async (prompt) => {
    const { pipe, encoded } = window as unknown as Shared;
    const options = { seed: 7, numInferenceSteps: 6, outputType: 'latent' } as const;
    const reason = new Error('enough');
    const stop = new AbortController();
    let steps = 0;
    const onStep = ({ n }: Webdit.StepEvent) => {
      steps = n + 1;
      if (n === 1) stop.abort(reason);
    };
    const stopped = await pipe
      .generate(prompt, { ...options, signal: stop.signal, onStep })
      .catch((error) => error === reason);
    const words = await pipe.generate(prompt, options);
    const embeddings = await pipe.generate(encoded, options);
    return { stopped, steps, same: words.latents.data.join() === embeddings.latents.data.join() };
  }, prompt);
  expect({ stopped, same }).toEqual({ stopped: true, same: true });
  expect(steps).toBeGreaterThanOrEqual(2);
  expect(steps).toBeLessThan(6);
});
