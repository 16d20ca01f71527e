import type { StepCompute } from '../plan.ts';

/**
 * Weights of a polynomial through values at `nodes`, evaluated at `at`: Newton's divided differences, gathered by value (Lagrange's
 * form). Exact for polynomials of degree below the number of nodes. They add up to 1.
 */
export function interpolationWeights(nodes: readonly number[], at: number): number[] {
  return nodes.map((node, i) =>
    nodes.reduce((weight, other, j) => (i === j ? weight : (weight * (at - other)) / (node - other)), 1),
  );
}

/**
 * Steps of a pattern of 1 (full) and 0, where each 0 forecasts from the latest full steps.
 *
 * @param order highest degree of the forecast of step n; fewer full steps before it make it lower, and 0 is reuse.
 */
export function forecastSteps(pattern: string, order: (n: number) => number): StepCompute[] {
  const nodes: number[] = [];
  return [...pattern].map((digit, n): StepCompute => {
    if (digit === '1') {
      nodes.unshift(n);
      return { kind: 'full' };
    }
    const read = nodes.slice(0, order(n) + 1);
    return read.length === 1 ? { kind: 'reuse' } : { kind: 'forecast', forecast: [interpolationWeights(read, n)] };
  });
}
