import { requireDiT } from '../packages/core/src/index.ts';
import { DiTModel, type DiTModelOptions } from '../packages/gpu/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { testDevice } from './gpu.ts';
import { repositoryPath, tensorsOf } from './repository.ts';

/** A model folder of this repository on the adapter under test. */
export async function loadModel(folder: string, options: Partial<DiTModelOptions> = {}) {
  const opened = requireDiT(await openModelFolder(pathSource(repositoryPath(folder))), 'loadModel');
  const model = await DiTModel.create(await testDevice(), opened.config, { weightDType: 'f32', ...options });
  await opened.loadWeights(model.sink);
  await model.finishLoading();
  return { model, folder: opened };
}

/** Tensors of `goldens/<name>/golden.safetensors` as f32, by name. */
export function goldenTensors(name: string): (tensor: string) => Float32Array {
  return tensorsOf(`goldens/${name}/golden.safetensors`);
}
