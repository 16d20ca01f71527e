/**
 * The polynomial nearest to the points by least squares, highest power first; of a lower degree where there are too few points.
 * The powers of x are made orthogonal on the points first, so that small x lose no digits.
 */
export function fitPolynomial(xs: readonly number[], ys: readonly number[], degree: number): number[] {
  const basis: { readonly values: readonly number[]; readonly powers: readonly number[] }[] = [];
  const result = Array<number>(degree + 1).fill(0);
  const scale = Math.max(...xs.map(Math.abs)) || 1;
  for (let power = 0; power <= Math.min(degree, new Set(xs).size - 1); power++) {
    let values = xs.map((x) => (x / scale) ** power);
    let powers: number[] = result.map((_, i) => (i === power ? 1 : 0));
    // twice is enough
    for (const other of [...basis, ...basis]) {
      const share = dot(values, other.values);
      values = values.map((value, i) => value - share * (other.values[i] as number));
      powers = powers.map((value, i) => value - share * (other.powers[i] as number));
    }
    const norm = Math.sqrt(dot(values, values));
    if (norm < 1e-9) break;
    const unit = { values: values.map((value) => value / norm), powers: powers.map((value) => value / norm) };
    basis.push(unit);
    const share = dot(ys, unit.values);
    for (const [i, value] of unit.powers.entries()) result[i] = (result[i] as number) + share * value;
  }
  return result.map((value, i) => value / scale ** i).reverse();
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
