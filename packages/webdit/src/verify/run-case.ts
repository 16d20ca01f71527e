import {
  atSize,
  chooseSampler,
  compileRunPlan,
  type LatentGrid,
  noiseRows,
  type RunPlan,
  WebDiTError,
} from '@webdit/core';
import type { DiTModel, TextConditions } from '@webdit/gpu';
import { type ModelFolder, type ParsedTensor, tensorToFloat32 } from '@webdit/weights';
import type { LatentDecoder } from '../latent-decoder.ts';
import { checkImage, checkLatents, checkTensor, checkTokens, type TensorCheck, type TensorName } from './checks.ts';
import type { DecodeCase, ForwardCase, Golden, GoldenCase, SampleCase, Targets } from './golden.ts';

/** A case, ready to run: everything that can be refused without a GPU has been. */
export type PreparedCase =
  | ForwardCase
  | DecodeCase
  | { readonly type: 'sample'; readonly golden: SampleCase; readonly plan: RunPlan; readonly size?: LatentGrid };

/** What a case is run on, and held against. */
export interface VerifyBench {
  readonly model: Pick<DiTModel, 'forward' | 'run'>;
  readonly targets: Targets;
  readonly tensors: ReadonlyMap<string, ParsedTensor>;
  /** Opens the VAE at its first use. */
  readonly vae: () => Promise<Pick<LatentDecoder, 'decode'>>;
  readonly signal?: AbortSignal | undefined;
  /** What models with size conditions are told. */
  readonly resolution?: Golden['resolution'];
}

/**
 * Compiles a case against its model.
 *
 * @param steps run only so many steps of a sample case.
 * @param tensors of the folder: where a text model's latents are of another size than its own, they say so.
 * @throws WebDiTError from the compiler; `schedule-mismatch` when the sampler visits other timesteps than the golden;
 *   `unsupported-config` for one that draws noise.
 */
export function prepareCase(
  entry: GoldenCase,
  folder: Pick<ModelFolder, 'scheduler' | 'config'>,
  steps: number | undefined,
  tensors: VerifyBench['tensors'] = new Map(),
): PreparedCase {
  if (entry.type !== 'sample') return entry;
  const { scheduler } = folder;
  const size = entry.prompt_row === undefined ? undefined : sizeOf(tensors, entry.init);
  const config = size ? atSize(folder.config, size) : folder.config;
  const plan = compileRunPlan({
    model: config,
    sampler: entry.spacing ? chooseSampler(`${scheduler.kind}-${entry.spacing}`, scheduler) : scheduler,
    steps: entry.timesteps.length,
    guidanceScale: entry.guidance_scale,
    guidanceChannels: entry.guidance_channels === 'all' ? config.inChannels : entry.guidance_channels,
    label: entry.class_label,
    cache: entry.cache,
  });
  const wrong = plan.steps.find(({ n, timestep }) => timestep !== entry.timesteps[n]);
  if (wrong) {
    throw new WebDiTError(
      'schedule-mismatch',
      `Run ${entry.name} expects timestep ${entry.timesteps[wrong.n]} at step ${wrong.n}, but ${plan.sampler} visits ${wrong.timestep}.`,
      'Check the scheduler config of the model folder.',
    );
  }
  if (noiseRows(plan.steps) > 0) {
    throw new WebDiTError(
      'unsupported-config',
      `Run ${entry.name} draws noise in its steps (${plan.sampler}), which a golden does not hold.`,
      'Make the golden with a sampler without noise, such as DDIM.',
    );
  }
  const most = Math.min(steps ?? Number.POSITIVE_INFINITY, entry.steps ?? Number.POSITIVE_INFINITY);
  const cut = { ...plan, steps: plan.steps.slice(0, most) };
  return { type: 'sample', golden: entry, plan: cut, ...(size ? { size } : {}) };
}

export function caseName(prepared: PreparedCase): string {
  return prepared.type === 'sample' ? prepared.golden.name : prepared.name;
}

/** Runs one case on the GPU and holds what comes out against the golden, a check per tensor. */
export function runCase(prepared: PreparedCase, bench: VerifyBench): Promise<TensorCheck[]> {
  switch (prepared.type) {
    case 'forward':
      return runForward(prepared, bench);
    case 'sample':
      return runSample(prepared, bench);
    case 'decode':
      return runDecode(prepared, bench);
  }
}

async function runDecode(entry: DecodeCase, { targets, tensors, vae, signal }: VerifyBench): Promise<TensorCheck[]> {
  const picture = await (await vae()).decode(floats(tensors, entry.latent));
  signal?.throwIfAborted();
  const expected = floats(tensors, entry.expected);
  return [checkImage(label(entry, entry.expected), picture, expected, target(targets, 'image_psnr_db'))];
}

async function runForward(entry: ForwardCase, bench: VerifyBench): Promise<TensorCheck[]> {
  const { model, targets, tensors, signal } = bench;
  const sample = floats(tensors, entry.sample);
  const timesteps = [...floats(tensors, entry.timestep)];
  const { class_labels: labels } = entry;
  const conditions = labels === undefined ? text(bench, entry, [...timesteps.keys()]) : [...floats(tensors, labels)];
  const size = labels === undefined ? sizeOf(tensors, entry.sample) : undefined;
  const output = await model.forward(sample, timesteps, conditions, size);
  signal?.throwIfAborted();
  return [
    checkTensor(label(entry, entry.expected), output, floats(tensors, entry.expected), target(targets, 'forward')),
  ];
}

async function runSample(
  { golden: entry, plan, size }: Extract<PreparedCase, { type: 'sample' }>,
  bench: VerifyBench,
): Promise<TensorCheck[]> {
  const { model, targets, tensors, vae, signal } = bench;
  const hidden = Object.entries(entry.expected_hidden ?? {}).filter(([n]) => Number(n) < plan.steps.length);
  const { prompt_row: prompt, negative_row: negative } = entry;
  const rows = prompt === undefined || negative === undefined ? null : [prompt, negative].slice(0, plan.labels.length);
  const result = await model.run(plan, floats(tensors, entry.init), {
    signal,
    text: rows ? text(bench, {}, rows) : undefined,
    size,
    trace: { latents: true, hidden: hidden.map(([n]) => Number(n)), tokens: entry.expected_tokens !== undefined },
  });
  const name = entry.expected_latents;
  const steps = entry.steps ?? entry.timesteps.length;
  const checks = [
    checkLatents(
      label(entry, name),
      result.trace.latents as Float32Array,
      floats(tensors, name),
      steps,
      target(targets, 'latents'),
    ),
  ];
  for (const [n, tensor] of hidden) {
    const state = result.trace.hidden.get(Number(n)) as Float32Array;
    checks.push(checkTensor(label(entry, tensor), state, floats(tensors, tensor), target(targets, 'hidden')));
  }
  const tokens = (entry.expected_tokens ?? []).filter(({ n }) => n < plan.steps.length);
  if (tokens.length > 0) {
    checks.push(checkTokens(label(entry, 'tokens'), result.trace.tokens, tokens, target(targets, 'tokens_equal')));
  }
  if (entry.expected_image !== undefined && plan.steps.length === entry.timesteps.length) {
    const image = await (await vae()).decode(result.latents);
    const expected = floats(tensors, entry.expected_image);
    checks.push(checkImage(label(entry, entry.expected_image), image, expected, target(targets, 'image_psnr_db')));
  }
  return checks;
}

/** Height and width of a tensor of latents, `[..., height, width]`. */
export function sizeOf(tensors: VerifyBench['tensors'], name: string): LatentGrid | undefined {
  const [height, width] = tensors.get(name)?.shape.slice(-2) ?? [];
  return height === undefined || width === undefined ? undefined : { height, width };
}

/** The prompts of some rows; sample cases take those of the folder's usual names. */
function text(
  { tensors, resolution }: VerifyBench,
  names: Pick<ForwardCase, 'encoder_hidden_states' | 'encoder_attention_mask'>,
  rows: readonly number[],
): TextConditions {
  const {
    encoder_hidden_states: states = 'encoder_hidden_states',
    encoder_attention_mask: mask = 'encoder_attention_mask',
  } = names;
  const [count = 1] = tensors.get(states)?.shape ?? [];
  const row = (name: string, index: number) => {
    const all = floats(tensors, name);
    const length = all.length / count;
    return all.subarray(index * length, (index + 1) * length);
  };
  return {
    captions: rows.map((index) => ({ embeddings: row(states, index), mask: row(mask, index) })),
    ...(resolution ? { resolution } : {}),
  };
}

/** A tensor of a case, for its check. */
export function label(entry: GoldenCase, tensor: string): TensorName {
  return { case: entry.name, tensor };
}

/** @throws WebDiTError `format`. */
export function floats(tensors: VerifyBench['tensors'], name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor) return tensorToFloat32(tensor);
  throw new WebDiTError('format', `golden.safetensors has no tensor ${name}.`, 'Copy the golden folder again.');
}

/** @throws WebDiTError `format`. */
export function target(targets: Targets, kind: string): number {
  const value = targets[kind];
  if (value !== undefined) return value;
  throw new WebDiTError('format', `golden.json has no target for ${kind}.`, 'Add it to targets in golden.json.');
}
