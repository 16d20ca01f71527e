import { WebDiTError } from './errors.ts';

const windowSize = 11;
const sigma = 1.5;
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

export interface Picture {
  /** RGBA bytes, `[height, width, 4]`; alpha is ignored. */
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/**
 * Mean structural similarity of two pictures' luma (BT.601), 11 x 11 Gaussian window, only whole windows.
 * Wang et al. 2004. (ssim.js was weighed and left out: a CommonJS build of 2020 whose default is a different, windowless-sum variant.)
 *
 * @returns 1 for equal pictures.
 * @throws WebDiTError `shape-mismatch` for different sizes, or sides under 11 pixels.
 */
export function ssim(a: Picture, b: Picture): number {
  const { width, height } = a;
  if (width !== b.width || height !== b.height || Math.min(width, height) < windowSize) {
    throw new WebDiTError(
      'shape-mismatch',
      `SSIM cannot compare ${width} x ${height} with ${b.width} x ${b.height} pixels.`,
      `Compare pictures of one size, at least ${windowSize} x ${windowSize}.`,
    );
  }
  const x = luma(a);
  const y = luma(b);
  const product = (p: Float64Array, q: Float64Array) => p.map((value, i) => value * (q[i] as number));
  const [meanX, meanY, meanXX, meanYY, meanXY] = [x, y, product(x, x), product(y, y), product(x, y)].map((plane) =>
    blur(plane, width, height),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  let sum = 0;
  for (let i = 0; i < meanX.length; i++) {
    const mx = meanX[i] as number;
    const my = meanY[i] as number;
    const varX = (meanXX[i] as number) - mx * mx;
    const varY = (meanYY[i] as number) - my * my;
    const cov = (meanXY[i] as number) - mx * my;
    sum += ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (varX + varY + c2));
  }
  return sum / meanX.length;
}

function luma({ data, width, height }: Picture): Float64Array {
  return Float64Array.from(
    { length: width * height },
    (_, i) =>
      0.299 * (data[4 * i] as number) + 0.587 * (data[4 * i + 1] as number) + 0.114 * (data[4 * i + 2] as number),
  );
}

const kernel = (() => {
  const weights = Float64Array.from({ length: windowSize }, (_, i) =>
    Math.exp(-((i - (windowSize - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((s, w) => s + w, 0);
  return weights.map((w) => w / total);
})();

/** Separable Gaussian, `[height - 10, width - 10]`. */
function blur(plane: Float64Array, width: number, height: number): Float64Array {
  const outWidth = width - windowSize + 1;
  const outHeight = height - windowSize + 1;
  const rows = new Float64Array(height * outWidth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outWidth; x++) {
      let value = 0;
      for (let k = 0; k < windowSize; k++) value += (kernel[k] as number) * (plane[y * width + x + k] as number);
      rows[y * outWidth + x] = value;
    }
  }
  const out = new Float64Array(outHeight * outWidth);
  for (let i = 0; i < out.length; i++) {
    let value = 0;
    for (let k = 0; k < windowSize; k++) value += (kernel[k] as number) * (rows[i + k * outWidth] as number);
    out[i] = value;
  }
  return out;
}
