import { readFileSync } from 'node:fs';
import { repositoryPath } from '../../../testing/repository.ts';
import type { FigureContext } from '../figures.ts';
import { escapeHtml } from '../markdown.ts';
import type { PolicyPictures } from './pictures.ts';

/** Uncached pictures of these labels as a row of stamps. */
export function stamps(labels: readonly string[], { link }: FigureContext): string {
  const { columns, rows, adapter, date }: PolicyPictures = JSON.parse(
    readFileSync(repositoryPath('docs/pictures/policies.json'), 'utf8'),
  );
  const shown = labels.map((label) => {
    const column = columns.findIndex((other) => other.label === label);
    const file = rows[0]?.pictures[column]?.file;
    if (file === undefined) throw new Error(`There is no picture of "${label}" in docs/pictures.`);
    const alt = `A painted ${label}, seed ${columns[column]?.seed}`;
    return `<span class="stamp"><img src="${link(`pictures/${file}`)}" alt="${escapeHtml(alt)}" width="64" height="64"></span>`;
  });
  return `<figure><div class="stamps">${shown.join('')}</div>
<figcaption>Painted by the bundled model, 50 uncached steps, on ${escapeHtml(adapter)}, ${date}.</figcaption></figure>`;
}
