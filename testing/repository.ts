import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSafetensors, tensorToFloat32 } from '../packages/weights/src/index.ts';

/** The path of a file or folder of this repository. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Tensors of a safetensors file of this repository as f32, by name. */
export function tensorsOf(file: string): (tensor: string) => Float32Array {
  const tensors = parseSafetensors(readFileSync(repositoryPath(file)));
  return (tensor) => {
    const found = tensors.get(tensor);
    if (!found) throw new Error(`${file} has no tensor ${tensor}`);
    return tensorToFloat32(found);
  };
}
