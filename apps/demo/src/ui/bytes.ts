/** A number of bytes as people say it: powers of ten, three digits. */
export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return megabytes(bytes);
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Megabytes, however few or many. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
