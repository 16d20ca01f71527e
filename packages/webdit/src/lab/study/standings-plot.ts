import type { CompareSettings } from '../comparison.ts';
import type { RatioStandings, Standing } from './standings.ts';
import type { Study } from './study.ts';

const width = 860;
const height = 500;
const edge = { left: 64, right: 190, top: 56, bottom: 52 };
const inner = { right: width - edge.right, bottom: height - edge.bottom };

/** Okabe and Ito's colours, which colour-blind readers tell apart; ours is black. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#8c6d00'];
const shapes = [
  (x: number, y: number) => `M${x - 5} ${y - 5}h10v10h-10z`,
  (x: number, y: number) => `M${x} ${y - 6}l6 11h-12z`,
];

/** Latent error against FLOP ratio as an SVG picture that stands by itself: lower is closer, farther right computes less. */
export function standingsPlot(study: Study, settings: CompareSettings, standings: readonly RatioStandings[]): string {
  const rows = [...new Map(standings.flatMap(({ rows }) => rows).map((row) => [row.row, row])).values()];
  const ratios = rows.map(({ flopRatio }) => flopRatio.executed);
  const [least, most] = [Math.min(...ratios, ...study.ratios) - 0.1, Math.max(...ratios, ...study.ratios) + 0.1];
  const errors = rows.map(({ sharedError }) => sharedError);
  const [low, high] = [Math.log10(Math.min(...errors)) - 0.1, Math.log10(Math.max(...errors)) + 0.1];
  const x = (ratio: number) => edge.left + ((ratio - least) / (most - least)) * (inner.right - edge.left);
  const y = (error: number) => edge.top + ((high - Math.log10(error)) / (high - low)) * (inner.bottom - edge.top);
  const families = [study.ours, ...Object.keys(study.grid).filter((family) => family !== study.ours)];
  const drawn = families.filter((family) => rows.some((row) => row.family === family));
  const mark = (family: string, at: { x: number; y: number }) => drawMark(families.indexOf(family), at);
  const at = (row: Standing) => ({ x: x(row.flopRatio.executed), y: y(row.sharedError) });
  const lines = drawn.map((family) => {
    const own = rows.filter((row) => row.family === family);
    const points = own.map(at).sort((a, b) => a.x - b.x);
    const d = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join('');
    const { colour } = looks(families.indexOf(family));
    const strength = family === study.ours ? 'stroke-width="2"' : 'stroke-opacity="0.35"';
    return `<path d="${d}" fill="none" stroke="${colour}" ${strength}/>`;
  });
  const title = `${settings.model}, ${settings.steps} steps: latent error against FLOPs, ${study.everyRow} pairs`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">
<title>${title}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${edge.left}" y="22" font-size="15" font-weight="600" fill="#111">${title}</text>
${label(edge.left, 40, 'start', `mean relative error of the final latents, ${settings.adapter}`)}
${ticksBetween(low, high)
  .map(
    (error) =>
      `${rule(edge.left, y(error), inner.right, y(error))}${label(edge.left - 8, y(error) + 4, 'end', String(error))}`,
  )
  .join('\n')}
${study.ratios
  .map(
    (ratio) =>
      `${rule(x(ratio), edge.top, x(ratio), inner.bottom)}${label(x(ratio), inner.bottom + 18, 'middle', `${ratio}×`)}`,
  )
  .join('\n')}
${label(inner.right, height - 10, 'end', 'times fewer FLOPs than uncached (executed)')}
${lines.join('\n')}
${[...rows]
  .reverse()
  .map((row) => mark(row.family, at(row)))
  .join('\n')}
${drawn.map((family, i) => `${mark(family, { x: inner.right + 24, y: edge.top + 8 + 22 * i })}${label(inner.right + 38, edge.top + 12 + 22 * i, 'start', family)}`).join('\n')}
</svg>
`;
}

function looks(family: number): { readonly colour: string; readonly shape: (x: number, y: number) => string } {
  if (family === 0) return { colour: '#111', shape: (x, y) => `M${x} ${y - 8}l8 8-8 8-8-8z` };
  return {
    colour: colours[(family - 1) % colours.length] as string,
    shape: shapes[Math.floor((family - 1) / colours.length) % shapes.length] as (x: number, y: number) => string,
  };
}

function drawMark(family: number, at: { readonly x: number; readonly y: number }): string {
  const { colour, shape } = looks(family);
  return `<path d="${shape(Math.round(at.x * 10) / 10, Math.round(at.y * 10) / 10)}" fill="${colour}"/>`;
}

/** 1, 2 and 5 times the powers of ten between two powers. */
function ticksBetween(low: number, high: number): number[] {
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const ticks = powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  return ticks.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<path d="M${a} ${b}L${c} ${d}" stroke="#ddd"/>`;
}

function label(x: number, y: number, anchor: string, text: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}
