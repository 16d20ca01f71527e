/** Files that JSON blocks may stand for: those of a model folder, which are read together. */
export const folderFiles: readonly RegExp[] = [
  /^model_index\.json$/,
  /^(transformer|vae)\/config\.json$/,
  /^scheduler\/scheduler_config\.json$/,
  /^vae\/preview\.json$/,
  /^classes\.json$/,
  /^schedules\/[\w-]+\.json$/,
];
