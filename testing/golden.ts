import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DiTModel, type DiTModelOptions } from '../packages/gpu/src/index.ts';
import { openModelFolder, parseSafetensors, tensorToFloat32 } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { testDevice } from './gpu.ts';

/** A model folder of this repository on the adapter under test. */
export async function loadModel(folder: string, options: Partial<DiTModelOptions> = {}) {
  const path = fileURLToPath(new URL(`../${folder}`, import.meta.url));
  const opened = await openModelFolder(pathSource(path));
  const model = await DiTModel.create(await testDevice(), opened.config, { weightDType: 'f32', ...options });
  await opened.loadWeights(model.sink);
  await model.finishLoading();
  return { model, folder: opened };
}

/** Tensors of `goldens/<name>/golden.safetensors` as f32, by name. */
export function goldenTensors(name: string): (tensor: string) => Float32Array {
  return tensorsOf(`goldens/${name}/golden.safetensors`);
}

/** Tensors of a safetensors file of this repository as f32, by name. */
export function tensorsOf(file: string): (tensor: string) => Float32Array {
  const tensors = parseSafetensors(readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url))));
  return (tensor) => {
    const found = tensors.get(tensor);
    if (!found) throw new Error(`${file} has no tensor ${tensor}`);
    return tensorToFloat32(found);
  };
}
