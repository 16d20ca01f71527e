import type { CompareState, CompareSummary } from 'webdit';

/** Device, settings and every measurement: what `webdit compare --json` writes, and can resume from. */
export function toJson(state: CompareState | null, rows: readonly CompareSummary[]): string {
  return `${JSON.stringify({ ...state, date: new Date().toISOString(), userAgent: navigator.userAgent, rows }, null, 2)}\n`;
}

const columns = [
  'row',
  'policy',
  'steps',
  'pictures',
  'ms',
  'latency_ratio',
  'flop_ratio_executed',
  'flop_ratio_published',
  'psnr_db',
  'ssim',
  'latent_error',
  'peak_gpu_bytes',
];

/** The table, RFC 4180. */
export function toCsv(rows: readonly CompareSummary[]): string {
  const lines = rows.map((row) => [
    row.row,
    row.policy,
    row.steps,
    row.pairs,
    row.ms,
    row.latencyRatio,
    row.flopRatio.executed,
    row.flopRatio.published,
    row.psnr ?? '',
    row.ssim ?? '',
    row.latentError,
    row.peakGpuBytes,
  ]);
  return [columns, ...lines].map((cells) => `${cells.map(quote).join(',')}\r\n`).join('');
}

function quote(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const shown = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font', 'font-weight', 'paint-order'];

/** A drawing as a PNG of twice its size on the page's ground, with the styles it has on the page. */
export async function toPng(drawing: SVGSVGElement): Promise<Blob> {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const originals = [...drawing.querySelectorAll<SVGElement>('*')];
  for (const [i, element] of [...copy.querySelectorAll<SVGElement>('*')].entries()) {
    const style = getComputedStyle(originals[i] as SVGElement);
    // Presentation attributes: a style attribute would breach the page's content security policy.
    for (const property of shown) element.setAttribute(property, style.getPropertyValue(property));
    element.setAttribute('font-family', style.fontFamily);
    element.setAttribute('font-size', style.fontSize);
  }
  const url = URL.createObjectURL(new Blob([copy.outerHTML], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The chart could not be drawn.'))), 'image/png'),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
