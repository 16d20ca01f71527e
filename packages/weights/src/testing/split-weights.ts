import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { encodeSafetensors, type ParsedTensor, parseSafetensors } from '../safetensors/whole-file.ts';

/** What a test may spoil of shards before they are written. */
export interface Shards {
  /** Tensors of each shard, by its file name. */
  readonly files: Map<string, Map<string, ParsedTensor>>;
  /** The index's map: tensor name -> file name. */
  readonly map: Map<string, string>;
}

/** Puts shards and an index in the place of a safetensors file, named as Hugging Face's libraries do; tensors alternate. */
export async function splitWeights(path: string, count: number, spoil: (shards: Shards) => unknown = () => {}) {
  const tensors = parseSafetensors(await readFile(path));
  const stem = basename(path, '.safetensors');
  const number = (i: number) => String(i).padStart(5, '0');
  const names = Array.from({ length: count }, (_, i) => `${stem}-${number(i + 1)}-of-${number(count)}.safetensors`);
  const shards: Shards = { files: new Map(names.map((name) => [name, new Map()])), map: new Map() };
  [...tensors].forEach(([name, tensor], i) => {
    const file = names[i % count] ?? '';
    shards.files.get(file)?.set(name, tensor);
    shards.map.set(name, file);
  });
  spoil(shards);
  await rm(path);
  for (const [name, held] of shards.files) {
    await writeFile(join(path, '..', name), encodeSafetensors(Object.fromEntries(held)));
  }
  const index = { metadata: { total_size: 0 }, weight_map: Object.fromEntries(shards.map) };
  await writeFile(`${path}.index.json`, JSON.stringify(index));
}
