const signature = [137, 80, 78, 71, 13, 10, 26, 10];

/** A file that is no PNG, or a broken one. The message is a sentence that goes on from the file's name. */
export class PngError extends Error {}

/**
 * Texts (tEXt) under one keyword of a PNG that may be anything: every length is checked against the file, nothing is inflated, and
 * pixels are not looked at.
 * @param longest letters a text may have.
 * @throws PngError when the file is no PNG, ends early, or a text is too long or not what was written.
 */
export function readPngTexts(bytes: Uint8Array, keyword: string, longest: number): string[] {
  if (signature.some((byte, i) => bytes[i] !== byte)) throw new PngError('is not a PNG.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const prefix = `${keyword}\0`;
  const texts: string[] = [];
  let offset = signature.length;
  for (;;) {
    // Length, name, data, checksum.
    if (offset + 12 > bytes.length) throw truncated();
    const length = view.getUint32(offset);
    const name = latin1(bytes.subarray(offset + 4, offset + 8));
    const end = offset + 8 + length;
    if (end + 4 > bytes.length) throw truncated();
    if (name === 'IEND') return texts;
    if (name === 'tEXt' && latin1(bytes.subarray(offset + 8, offset + 8 + prefix.length)) === prefix) {
      if (length > longest + prefix.length) throw new PngError(`holds more than ${longest} letters of ${keyword}.`);
      if (crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(end)) {
        throw new PngError('is damaged: a checksum does not match.');
      }
      texts.push(latin1(bytes.subarray(offset + 8 + prefix.length, end)));
    }
    offset = end + 4;
  }
}

function truncated(): PngError {
  return new PngError('is damaged: it ends too early.');
}

/** TextDecoder's `latin1` is Windows-1252, which has other letters from 0x80 on. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
