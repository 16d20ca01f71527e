import { requireDiT } from '../packages/core/src/index.ts';
import { DiTModel, type DiTModelOptions } from '../packages/gpu/src/index.ts';
import { type ModelFolder, openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { testDevice } from './gpu.ts';
import { repositoryPath, tensorsOf } from './repository.ts';

/** A DiT's folder of this repository on the adapter under test. */
export async function loadModel(folder: string, options: Partial<DiTModelOptions> = {}) {
  const opened = requireDiT(await openModelFolder(pathSource(repositoryPath(folder))), 'loadModel');
  return { model: await loadOpened(opened, options), folder: opened };
}

/** Any model's folder, opened, on the adapter under test. */
export async function loadOpened(folder: ModelFolder, options: Partial<DiTModelOptions> = {}): Promise<DiTModel> {
  const model = await DiTModel.create(await testDevice(), folder.config, { weightDType: 'f32', ...options });
  await folder.loadWeights(model.sink);
  await model.finishLoading();
  return model;
}

/** Tensors of `goldens/<name>/golden.safetensors` as f32, by name. */
export function goldenTensors(name: string): (tensor: string) => Float32Array {
  return tensorsOf(`goldens/${name}/golden.safetensors`);
}
