import { readFileSync } from 'node:fs';

/** Tests only. Absolute path of a file below the repository's root. */
export function repositoryFile(path: string): URL {
  return new URL(`../../../../${path}`, import.meta.url);
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(repositoryFile(path), 'utf8'));
}

/** The f32 tensors of a small safetensors file, by name. */
export function readTensors(path: string): Record<string, Float32Array> {
  const file = readFileSync(repositoryFile(path));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start).toString()) as Record<
    string,
    { dtype?: string; data_offsets: [number, number] }
  >;
  const tensors: Record<string, Float32Array> = {};
  for (const [name, { dtype, data_offsets }] of Object.entries(header)) {
    if (dtype !== 'F32') continue;
    tensors[name] = new Float32Array(
      new Uint8Array(file.subarray(start + data_offsets[0], start + data_offsets[1])).buffer,
    );
  }
  return tensors;
}
