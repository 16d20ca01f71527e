import { createSHA256 } from 'hash-wasm';

/** SHA-256 of bytes in memory, in hexadecimal. Secure pages only, and Node. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** SHA-256 of what passes by, which WebCrypto cannot do. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** In hexadecimal; the end. */
  digest(): string;
}

export async function startSha256(): Promise<Sha256> {
  const hasher = await createSHA256();
  return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digest('hex') };
}
