import { WebDiTError } from '@webdit/core';
import type { PreviewMap } from '@webdit/weights';

/** Final latents `[channels, height, width]` and the picture they decode to. */
export interface PreviewSample {
  readonly latents: Float32Array;
  /** RGBA, 8 bits per channel. */
  readonly picture: { readonly width: number; readonly height: number; readonly data: ArrayLike<number> };
}

export interface PreviewFit extends PreviewMap {
  /** Root mean square of what the map leaves unexplained, pictures being [-1, 1]. */
  readonly residual: number;
}

/**
 * The linear map from latents to colours that is nearest, by least squares, to what the VAE makes of them: each latent pixel against
 * the mean colour of the square it decodes to.
 * @param shape of the latents, `[channels, height, width]`.
 * @throws WebDiTError `numeric` when the samples do not determine a map: too few, or all alike.
 */
export function fitPreview(
  samples: readonly PreviewSample[],
  [channels, height, width]: readonly [number, number, number],
): PreviewFit {
  const plane = height * width;
  const terms = channels + 1;
  // Normal equations [terms, terms | 3]; the last term is the bias.
  const rows = Array.from({ length: terms }, () => new Float64Array(terms + 3));
  let squares = 0;
  for (const { latents, picture } of samples) {
    const colours = meanColours(picture, height, width);
    for (let i = 0; i < plane; i++) {
      const x = Array.from({ length: terms }, (_, c) => (c < channels ? (latents[c * plane + i] as number) : 1));
      for (let r = 0; r < terms; r++) {
        const row = rows[r] as Float64Array;
        for (let c = 0; c < terms; c++) row[c] = (row[c] as number) + (x[r] as number) * (x[c] as number);
        for (let k = 0; k < 3; k++)
          row[terms + k] = (row[terms + k] as number) + (x[r] as number) * at(colours, 3 * i + k);
      }
      for (let k = 0; k < 3; k++) squares += at(colours, 3 * i + k) ** 2;
    }
  }
  const moments = rows.map((row) => row.slice(terms));
  const solution = solve(rows);
  const explained = solution.reduce((sum, row, r) => sum + row.reduce((s, v, k) => s + v * at(moments[r], k), 0), 0);
  return {
    factors: solution.slice(0, channels),
    bias: solution[channels] as PreviewMap['bias'],
    residual: Math.sqrt(Math.max(0, squares - explained) / (samples.length * plane * 3)),
  };
}

/** Mean colour of each of height x width equal rectangles, `[height, width, 3]` in [-1, 1]. */
function meanColours(picture: PreviewSample['picture'], height: number, width: number): Float64Array {
  const colours = new Float64Array(height * width * 3);
  const scale = { x: picture.width / width, y: picture.height / height };
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const cell = Math.floor(y / scale.y) * width + Math.floor(x / scale.x);
      for (let k = 0; k < 3; k++) {
        const value = at(picture.data, 4 * (y * picture.width + x) + k) / 127.5 - 1;
        colours[3 * cell + k] = at(colours, 3 * cell + k) + value / (scale.x * scale.y);
      }
    }
  }
  return colours;
}

/** Gauss-Jordan with pivoting on `[n, n | 3]`: the right-hand sides' solutions. */
function solve(rows: Float64Array[]): [number, number, number][] {
  const n = rows.length;
  for (let c = 0; c < n; c++) {
    const pivot = rows.reduce(
      (best, row, r) => (r >= c && Math.abs(at(row, c)) > Math.abs(at(rows[best], c)) ? r : best),
      c,
    );
    [rows[c], rows[pivot]] = [rows[pivot] as Float64Array, rows[c] as Float64Array];
    const own = rows[c] as Float64Array;
    const head = at(own, c);
    // Sums of squares of latents, which are about 1: this far below them lies only rounding.
    if (!(Math.abs(head) > 1e-6)) throw undetermined();
    for (let k = c; k < n + 3; k++) own[k] = at(own, k) / head;
    for (const row of rows) {
      if (row === own) continue;
      const factor = at(row, c);
      for (let k = c; k < n + 3; k++) row[k] = at(row, k) - factor * at(own, k);
    }
  }
  return rows.map((row) => [at(row, n), at(row, n + 1), at(row, n + 2)]);
}

function undetermined(): WebDiTError {
  return new WebDiTError(
    'numeric',
    'These pictures do not determine a preview map.',
    'Use more pictures, of different labels.',
  );
}

function at(values: ArrayLike<number> | undefined, i: number): number {
  return values?.[i] as number;
}
