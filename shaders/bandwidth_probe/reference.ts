/** Sums of `[runs][8][64]` vectors of four over the eights, modulo 2^32: `[runs][64]`. */
export function bandwidthReadReference(data: Uint32Array): Uint32Array {
  const sums = new Uint32Array(data.length / 32);
  data.forEach((value, i) => {
    const vector = Math.floor(i / 4);
    const run = Math.floor(vector / 512);
    const sum = run * 64 + (vector % 64);
    sums[sum] = (sums[sum] as number) + value;
  });
  return sums;
}
