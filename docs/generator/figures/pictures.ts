import { readFileSync } from 'node:fs';
import { repositoryPath } from '../../../testing/repository.ts';
import type { FigureContext } from '../figures.ts';
import { escapeHtml } from '../markdown.ts';

/** What docs/pictures/policies.json says about the pictures beside it. */
export interface PolicyPictures {
  readonly format: 'webdit-pictures/1';
  /** One command of those that painted them. */
  readonly command: string;
  readonly adapter: string;
  readonly runtime: string;
  readonly date: string;
  readonly columns: readonly { readonly label: string; readonly seed: number }[];
  readonly rows: readonly PictureRow[];
}

export interface PictureRow {
  readonly cache: string;
  readonly steps: number;
  /** Executed FLOPs of the first row over this one's. */
  readonly flopRatio: number;
  /** One for each column; `psnr` in dB against the first row, null in it. */
  readonly pictures: readonly { readonly file: string; readonly psnr: number | null }[];
}

/** Pictures of each policy, row by row, as stamps. */
export function pictureRows({ link }: FigureContext): string {
  const { command, adapter, runtime, date, columns, rows }: PolicyPictures = JSON.parse(
    readFileSync(repositoryPath('docs/pictures/policies.json'), 'utf8'),
  );
  const first = rows[0]?.steps;
  const body = rows.map(({ cache, steps, flopRatio, pictures }) => {
    const name = steps === first ? cache : `${cache}, ${steps} steps`;
    const stamps = pictures.map(({ file, psnr }, i) => {
      const { label, seed } = columns[i] as PolicyPictures['columns'][number];
      const alt = `${label}, seed ${seed}, ${name}`;
      const note = psnr === null ? 'uncached' : `${psnr.toFixed(1)} dB`;
      return `<td><span class="stamp"><img src="${link(`pictures/${file}`)}" alt="${escapeHtml(alt)}" width="64" height="64"></span>${note}</td>`;
    });
    return `<tr><th scope="row"><code>${escapeHtml(name)}</code><span>${flopRatio.toFixed(2)} × fewer FLOPs</span></th>${stamps.join('')}</tr>`;
  });
  const head = columns.map(({ label, seed }) => `<th scope="col">${escapeHtml(label)}, seed ${seed}</th>`).join('');
  return `<figure class="pictures">
<div class="scroll" tabindex="0" role="group" aria-label="Pictures of each policy">
<table><thead><tr><td></td>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table>
</div>
<figcaption>PSNR against the first row. ${escapeHtml(adapter)}, a software adapter, ${escapeHtml(runtime)}, ${date}: <code>${escapeHtml(command)}</code> and so on.</figcaption>
</figure>`;
}
