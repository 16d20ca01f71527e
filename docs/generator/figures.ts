import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { run } from '../../packages/cli/src/run.ts';
import { repositoryPath } from '../../testing/repository.ts';
import { tradeOffChart } from './figures/chart.ts';
import { elementTables } from './figures/element.ts';
import { measuredTable, readComparison, studyTables } from './figures/measured.ts';
import { pictureRows } from './figures/pictures.ts';
import { stamps } from './figures/stamps.ts';
import { stepStrips } from './figures/strips.ts';
import { escapeHtml } from './markdown.ts';

/** What a figure may draw on. */
export interface FigureContext {
  /** The page's source, from the root of the repository: paths are relative to it. */
  readonly file: string;
  /** Renders markdown without headings, as part of the page. */
  markdown(source: string): string;
  /** The address of a file of the repository, relative to the page. */
  link(href: string): string;
}

type Figure = (words: readonly string[], context: FigureContext) => string;

/** What `<!-- figure: NAME words -->` stands for: what is made of numbers and sources, so that no page repeats them. */
const figures: Readonly<Record<string, Figure>> = {
  'cli-help': (_, { markdown }) => markdown(`\`\`\`text\n${helpText}\n\`\`\``),
  element: (_, { markdown }) => markdown(elementTables()),
  strips: (caches) => stepStrips(caches),
  stamps: (labels, context) => stamps(labels, context),
  pictures: (_, context) => pictureRows(context),
  measured: ([path = ''], { markdown, file }) => markdown(measuredTable(readComparison(fileBeside(file, path)))),
  study: ([path = ''], { markdown, file }) => markdown(studyTables(fileBeside(file, path))),
  chart: ([path = ''], { file }) => tradeOffChart(readComparison(fileBeside(file, path))),
};

let helpText = '';

/** Prepares what takes a promise. Call once before `drawFigure`. */
export async function prepareFigures(): Promise<void> {
  const lines: string[] = [];
  await run(['--help'], { line: (text) => lines.push(text), progress: () => {} }, (error) => lines.push(error));
  helpText = lines.join('\n');
}

/** @throws Error for a figure that there is not. */
export function drawFigure(words: string, context: FigureContext): string {
  const [name = '', ...rest] = words.split(' ');
  const figure = Object.hasOwn(figures, name) ? figures[name] : undefined;
  if (!figure) throw new Error(`${context.file} asks for the figure "${escapeHtml(name)}", which does not exist.`);
  return figure(rest, context);
}

function fileBeside(file: string, path: string): unknown {
  return JSON.parse(readFileSync(repositoryPath(posix.join(posix.dirname(file), path)), 'utf8'));
}
