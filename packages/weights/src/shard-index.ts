import { parseTolerantJson } from '@webdit/core';
import { formatError, type SafetensorsHeader } from './safetensors/header.ts';

/** `*.safetensors.index.json`, as Hugging Face's libraries write it: which shard holds which tensor. */
export interface ShardIndex {
  /** Path inside the model folder. */
  readonly path: string;
  /** Paths of the shards inside the model folder, in the order of their names. */
  readonly shards: readonly string[];
  /** Tensor name -> path of its shard. */
  readonly shardOf: ReadonlyMap<string, string>;
}

/** Where the index of a safetensors file's shards lies. */
export const shardIndexPath = (path: string) => `${path}.index.json`;

/** @throws WebDiTError `format`. */
export function parseShardIndex(text: string, path: string): ShardIndex {
  const json = parseTolerantJson(text, path) as { readonly weight_map?: unknown } | null;
  const map = json?.weight_map;
  const entries = typeof map === 'object' && map !== null && !Array.isArray(map) ? Object.entries(map) : [];
  if (entries.length === 0) throw formatError(`${path} has no weight_map that names the shards.`);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const shardOf = new Map<string, string>();
  for (const [tensor, shard] of entries) {
    if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard)) {
      throw formatError(
        `${path} puts tensor ${tensor} into ${JSON.stringify(shard)}, which is not the name of a safetensors file.`,
      );
    }
    shardOf.set(tensor, folder + shard);
  }
  return { path, shards: [...new Set(shardOf.values())].sort(), shardOf };
}

/**
 * Checks that every shard holds what the index says it does, and nothing else.
 * @throws WebDiTError `format`, naming the tensor.
 */
export function checkShards(
  shards: readonly { readonly path: string; readonly header: SafetensorsHeader }[],
  { path: index, shardOf }: ShardIndex,
): void {
  const found = new Map<string, string>();
  for (const { path, header } of shards) {
    for (const { name } of header.tensors) {
      const other = found.get(name);
      if (other !== undefined) throw formatError(`Tensor ${name} is in two shards, ${other} and ${path}.`);
      found.set(name, path);
    }
  }
  for (const [name, path] of found) {
    const said = shardOf.get(name);
    if (said === undefined) throw formatError(`Shard ${path} holds the tensor ${name}, which ${index} does not name.`);
    if (said !== path) throw formatError(`Tensor ${name} is in shard ${path}, but ${index} puts it into ${said}.`);
  }
  for (const [name, path] of shardOf) {
    if (!found.has(name)) throw formatError(`Shard ${path} lacks the tensor ${name}, which ${index} puts into it.`);
  }
}
