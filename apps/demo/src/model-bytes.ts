interface Manifest {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** Files of a model: those that loading it takes, or also those for painting over pictures. */
export type ModelPart = 'load' | 'all';

/** What a model's files take, by its manifest. @throws Error when the server has none. */
async function modelBytes(modelUrl: URL, part: ModelPart): Promise<number> {
  const response = await fetch(new URL('manifest.json', modelUrl));
  if (!response.ok) throw new Error(`The server answered ${response.status} to ${response.url}.`);
  const { files } = (await response.json()) as Manifest;
  const counted = files.filter(({ path }) => part === 'all' || !/^vae\/encoder\b/.test(path));
  return counted.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Whether this browser has stored all of a model; a store that cannot be read stores nothing. */
export async function isStored(modelUrl: URL): Promise<boolean> {
  const { listStoredModels } = await import('webdit');
  const models = await listStoredModels().catch(() => []);
  return models.some(({ url, whole }) => whole && url === modelUrl.href);
}

/** What of it this browser has not stored yet. @throws Error, and what `listStoredModels` throws. */
export async function missingModelBytes(
  modelUrl: URL,
  part: ModelPart,
): Promise<{ readonly model: number; readonly missing: number }> {
  const { listStoredModels } = await import('webdit');
  const stored = (await listStoredModels()).find(({ url }) => url === modelUrl.href);
  const model = await modelBytes(modelUrl, part);
  return { model, missing: stored?.whole ? 0 : Math.max(0, model - (stored?.bytes ?? 0)) };
}
