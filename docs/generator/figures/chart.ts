import { escapeHtml } from '../markdown.ts';
import { type Comparison, dateOf, whereOf } from './measured.ts';

const width = 640;
const height = 360;
const edge = { left: 56, right: 24, top: 28, bottom: 48 };

interface Point {
  readonly name: string;
  readonly curve: 'fewer' | 'rival' | 'procache';
  readonly ratio: number;
  readonly psnr: number;
}

/** Likeness to the uncached picture against speed: farther right is faster, higher is closer. */
export function tradeOffChart(comparison: Comparison): string {
  const points = pointsOf(comparison);
  const mostRatio = Math.ceil(2 * Math.max(...points.map(({ ratio }) => ratio))) / 2;
  const low = 5 * Math.floor(Math.min(...points.map(({ psnr }) => psnr)) / 5);
  const high = 5 * Math.ceil(Math.max(...points.map(({ psnr }) => psnr)) / 5);
  const x = (ratio: number) => edge.left + ((ratio - 1) / (mostRatio - 1)) * (width - edge.left - edge.right);
  const y = (psnr: number) => height - edge.bottom - ((psnr - low) / (high - low)) * (height - edge.top - edge.bottom);
  const rows = steps(low, high, 5).map(
    (psnr) =>
      `<path class="grid" d="M${edge.left} ${y(psnr)}H${width - edge.right}"/><text class="soft end" x="${edge.left - 8}" y="${y(psnr) + 4}">${psnr}</text>`,
  );
  const columns = steps(1, mostRatio, 0.5).map(
    (ratio) =>
      `<path class="grid" d="M${x(ratio)} ${edge.top}V${height - edge.bottom}"/><text class="soft middle" x="${x(ratio)}" y="${height - edge.bottom + 18}">${ratio}×</text>`,
  );
  const line = points.filter(({ curve }) => curve === 'fewer').map(({ ratio, psnr }) => `${x(ratio)} ${y(psnr)}`);
  const labels = placeLabels(points.map(({ name, ratio, psnr }) => ({ name, x: x(ratio), y: y(psnr) })));
  const marks = points.map(
    ({ curve, ratio, psnr }) => `<path class="${curve}" d="${shapes[curve](x(ratio), y(psnr))}"/>`,
  );
  const said = points
    .map(({ name, ratio, psnr }) => `${name}: ${ratio.toFixed(2)} times faster, ${psnr.toFixed(1)} dB`)
    .join('; ');
  return `<figure class="chart">
<div class="scroll" tabindex="0" role="group" aria-label="Chart">
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(said)}">
${rows.join('')}${columns.join('')}
<text class="soft" x="8" y="16">PSNR in dB against the uncached picture</text>
<text class="soft end" x="${width - edge.right}" y="${height - 8}">times faster than uncached, by the clock</text>
<path class="line" d="M${line.join('L')}"/>
${marks.join('')}
${labels.join('\n')}
</svg>
</div>
<figcaption>Farther right is faster, higher is closer to the uncached picture. ${escapeHtml(whereOf(comparison))}, a software adapter, ${dateOf(comparison)}.</figcaption>
</figure>`;
}

function pointsOf({ rows, settings }: Comparison): Point[] {
  return rows.flatMap(({ row, policy, steps, latencyRatio: ratio, psnr }): Point[] => {
    if (typeof psnr !== 'number') return [];
    if (steps !== settings.steps) return [{ name: `${steps} steps`, curve: 'fewer', ratio, psnr }];
    return [{ name: row, curve: policy.startsWith('procache') ? 'procache' : 'rival', ratio, psnr }];
  });
}

const shapes: Readonly<Record<Point['curve'], (x: number, y: number) => string>> = {
  fewer: (x, y) => `M${x - 6} ${y - 6}h12v12h-12z`,
  rival: (x, y) => `M${x} ${y - 8}l8 14h-16z`,
  procache: (x, y) => `M${x} ${y - 9}l9 9-9 9-9-9z`,
};

interface Mark {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** About what a letter takes at this size. */
const letter = { width: 7.4, height: 14 };

/** Names beside their marks, each on the side where it covers least of the marks and of the names before it. */
function placeLabels(marks: readonly Mark[]): string[] {
  const taken: Box[] = marks.map(({ x, y }) => ({ left: x - 9, top: y - 9, right: x + 9, bottom: y + 9 }));
  return marks.map(({ name, x, y }) => {
    const long = name.length * letter.width;
    const sides = [
      { left: x + 13, top: y - 8 },
      { left: x - 13 - long, top: y - 8 },
      { left: x - long / 2, top: y - 26 },
      { left: x - long / 2, top: y + 11 },
    ].map(({ left, top }) => ({ left, top, right: left + long, bottom: top + letter.height }));
    const costs = sides.map((box) => taken.reduce((sum, other) => sum + overlap(box, other), outside(box)));
    const best = sides[costs.indexOf(Math.min(...costs))] as Box;
    taken.push(best);
    return `<text x="${best.left.toFixed(1)}" y="${(best.bottom - 3).toFixed(1)}">${escapeHtml(name)}</text>`;
  });
}

function overlap(a: Box, b: Box): number {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return wide > 0 && tall > 0 ? wide * tall : 0;
}

function outside({ left, right }: Box): number {
  return left < edge.left || right > width ? 1e6 : 0;
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: Math.round((to - from) / by) + 1 }, (_, i) => from + i * by);
}
