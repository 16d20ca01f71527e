import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TransformerConfig } from '@webdit/core';
import { nativePixArtConfig } from '../layouts/native-pixart.ts';
import { nativeConfig, originalScheduler } from '../layouts/original.ts';
import { indexPath, schedulerPath, transformerConfigPath } from '../layouts/paths.ts';

/** What a native folder says of itself beside its weights. */
export interface NativeConfigs {
  readonly config: TransformerConfig;
  /** The scheduler's config; the original DiT's by default. */
  readonly scheduler?: unknown;
  /** Further keys of `model_index.json`: scheduler, classes, vae, schedules, calibrations, defaults. */
  readonly index?: Readonly<Record<string, unknown>>;
}

/** Writes the configs of a native folder, and makes the folders that they and the weights lie in. */
export async function writeNativeConfigs(folder: string, { config, scheduler, index }: NativeConfigs): Promise<void> {
  const isPixArt = config.kind === 'pixart';
  await writeJson(join(folder, indexPath), {
    _class_name: isPixArt ? 'PixArtAlphaPipeline' : 'DiTPipeline',
    transformer: ['webdit', isPixArt ? 'PixArt' : 'DiT'],
    scheduler: ['diffusers', 'DDIMScheduler'],
    ...index,
  });
  await writeJson(join(folder, schedulerPath), scheduler ?? originalScheduler);
  await writeJson(join(folder, transformerConfigPath), isPixArt ? nativePixArtConfig(config) : nativeConfig(config));
}

/** Makes the folder that the file lies in, too. */
export async function writeJson(path: string, json: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(json, null, 1)}\n`);
}
