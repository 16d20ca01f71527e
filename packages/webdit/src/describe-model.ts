import type { SamplerSpec, TransformerConfig } from '@webdit/core';
import { checkAccessToken } from '@webdit/weights';
import { checkHooks } from './arguments.ts';
import { checkModel, type ModelInput } from './model-input.ts';
import type { PlanFiles } from './schedules.ts';
import type { ModelClass, PipelineInfo } from './types.ts';

/** A model before it is loaded: all that planning a run needs, and nothing of its weights. */
export interface ModelDescription extends PlanFiles {
  readonly name: string;
  readonly config: TransformerConfig;
  readonly sampler: SamplerSpec;
  /** The sampler's name, as schedules carry it. */
  readonly samplerName: string;
  readonly defaults: PipelineInfo['model']['defaults'];
  /** The class table by id; null when the model has none. @throws WebDiTError `format`, `not-found`, `network`. */
  classes(): Promise<readonly ModelClass[] | null>;
}

/** How a model is described. Every option may be left out. */
export interface DescribeModelOptions {
  /** A token of the Hugging Face hub for a gated or private model there; sent to the hub's own host alone. */
  readonly accessToken?: string;
  /** Aborts the reading, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * Reads what a model folder says of itself: a few kilobytes of configs and schedules, and no GPU. For pages that plan runs, or
 * show what they would cost, before anybody has asked for the model.
 * @throws WebDiTError `bad-argument`, `not-found`, `network`, `format`, `unsupported-config`; or `signal.reason`.
 */
export async function describeModel(model: ModelInput, options: DescribeModelOptions = {}): Promise<ModelDescription> {
  const checked = checkModel(model);
  checkHooks(options, []);
  const { accessToken, signal } = options;
  if (accessToken !== undefined) checkAccessToken(accessToken);
  // Readers of configs: pages that load models leave them to the worker.
  const { readDescription } = await import('./read-description.ts');
  return readDescription(checked, accessToken ?? null, signal);
}
