interface Manifest {
  readonly files: readonly { readonly bytes: number }[];
}

/** What a model's files take, by its manifest. @throws Error when the server has none. */
export async function modelBytes(modelUrl: URL): Promise<number> {
  const response = await fetch(new URL('manifest.json', modelUrl));
  if (!response.ok) throw new Error(`The server answered ${response.status} to ${response.url}.`);
  const { files } = (await response.json()) as Manifest;
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Whether this browser has stored all of a model; a store that cannot be read stores nothing. */
export async function isStored(modelUrl: URL): Promise<boolean> {
  const { listStoredModels } = await import('webdit');
  const models = await listStoredModels().catch(() => []);
  return models.some(({ url, whole }) => whole && url === modelUrl.href);
}

/** What of it this browser has not stored yet. @throws Error, and what `listStoredModels` throws. */
export async function missingModelBytes(modelUrl: URL): Promise<{ readonly model: number; readonly missing: number }> {
  const { listStoredModels } = await import('webdit');
  const stored = (await listStoredModels()).find(({ url }) => url === modelUrl.href);
  const model = await modelBytes(modelUrl);
  return { model, missing: stored?.whole ? 0 : Math.max(0, model - (stored?.bytes ?? 0)) };
}
