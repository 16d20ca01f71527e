import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { relativeError } from '@webdit/core';
import { openModelFolder, parseSafetensors, tensorToFloat32 } from '@webdit/weights';
import { pathSource, writeTextToImageTiny } from '@webdit/weights/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryPath } from '../../../../testing/repository.ts';
import { vaeWasmPaths } from '../../../cli/src/vae-runtime.ts';
import { embedPrompt } from './embed-prompt.ts';
import { PromptEncoder } from './prompt-encoder.ts';
import { PromptTokenizer } from './tokenizer.ts';

const golden = JSON.parse(readFileSync(repositoryPath('goldens/text-tiny/golden.json'), 'utf8'));
const [{ prompts, max_length: maxTokens, ...names }] = golden.cases;
const tensors = parseSafetensors(readFileSync(repositoryPath('goldens/text-tiny/golden.safetensors')));

/** A row for each prompt, flat. */
function rows(name: string): Float32Array[] {
  const tensor = tensors.get(names[name]);
  if (!tensor) throw new Error(`The golden has no ${name}`);
  const values = tensorToFloat32(tensor);
  const [count = 0, ...row] = tensor.shape;
  const size = row.reduce((a, b) => a * b, 1);
  return Array.from({ length: count }, (_, n) => values.subarray(n * size, (n + 1) * size));
}

let parent: string;
let model: string;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'webdit-text-'));
  model = join(parent, 'model');
  await writeTextToImageTiny(model, { dtype: 'F32', seed: golden.synth.seed });
});
afterAll(() => rmSync(parent, { recursive: true }));

async function open() {
  const source = pathSource(model);
  const { config, text } = await openModelFolder(source);
  if (config.kind !== 'pixart' || !text) throw new Error('The model has no text encoder');
  return { config, text, source };
}

it('has the tokens of transformers', async () => {
  const { config, text } = await open();
  expect(config.maxCaptionTokens).toBe(maxTokens);
  const read = (path: string) => readFileSync(join(model, path), 'utf8');
  const tokenizer = PromptTokenizer.read(
    { json: read(text.tokenizer.path), config: read(text.tokenizerConfig.path) },
    text,
    maxTokens,
  );
  const [ids, masks] = [rows('input_ids'), rows('attention_mask')];
  expect(ids).toHaveLength(5);
  for (const [n, prompt] of prompts.entries()) {
    const tokens = tokenizer.encode(prompt.toLowerCase().trim());
    expect({ prompt, ids: tokens.ids, mask: tokens.mask }).toEqual({
      prompt,
      ids: Array.from(ids[n] as Float32Array),
      mask: Array.from(masks[n] as Float32Array),
    });
  }
});

it('has the embeddings of transformers, padding included', { timeout: 60_000 }, async () => {
  const { config, text, source } = await open();
  const encoder = PromptEncoder.of({ config, text }, { source, wasmPaths: vaeWasmPaths() });
  const { signal } = new AbortController();
  const encoded = await encoder.encode(prompts, { signal, onProgress: () => {} });
  await encoder.dispose();
  const expected = rows('expected');
  // Measured: 7.5e-7 at most.
  const errors = encoded.map(({ embeddings }, n) => relativeError(embeddings, expected[n] as Float32Array));
  expect(errors).toHaveLength(5);
  for (const error of errors) expect(error).toBeLessThan(golden.targets.embeddings);
  // The long one has 181 tokens.
  expect(encoded.map(({ surplus }) => surplus)).toEqual([0, 0, 0, 0, 61]);
});

it('embeds a prompt and its negative one as the golden has them, and nothing too large', {
  timeout: 60_000,
}, async () => {
  const { source } = await open();
  const expected = rows('expected');
  const warnings: string[] = [];
  const options = {
    wasmPaths: vaeWasmPaths(),
    onWarning: ({ message }: { message: string }) => warnings.push(message),
  };
  const embedded = await embedPrompt(source, { prompt: prompts[4], negativePrompt: prompts[2] }, options);
  const { promptEmbeds, negativePromptEmbeds, promptAttentionMask, negativePromptAttentionMask } = embedded;
  expect(promptEmbeds.shape).toEqual([1, maxTokens, 48]);
  expect(negativePromptEmbeds?.shape).toEqual([1, maxTokens, 48]);
  expect(relativeError(promptEmbeds.data, expected[4] as Float32Array)).toBeLessThan(golden.targets.embeddings);
  expect(relativeError(negativePromptEmbeds?.data ?? [], expected[2] as Float32Array)).toBeLessThan(
    golden.targets.embeddings,
  );
  expect([promptAttentionMask?.data, negativePromptAttentionMask?.data]).toEqual([
    rows('attention_mask')[4],
    rows('attention_mask')[2],
  ]);
  expect(warnings).toEqual([expect.stringContaining('prompt has 181 tokens, and this model reads 120')]);

  const opened: string[] = [];
  const large: typeof source = {
    ...source,
    name: source.name,
    open: async (path, openOptions) => {
      opened.push(path);
      const file = await source.open(path, openOptions);
      return file && path.endsWith('.onnx') ? { ...file, stream: () => file.stream(), size: 2 ** 31 } : file;
    },
  };
  await expect(embedPrompt(large, { prompt: 'a fox' }, options)).rejects.toMatchObject({
    code: 'out-of-memory',
    remedy: "Make the embeddings with the model's own text encoder in PyTorch.",
  });
  expect(opened.filter((path) => path.endsWith('.onnx'))).toHaveLength(1);
});
