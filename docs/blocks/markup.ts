import { readFileSync } from 'node:fs';
import { transform } from 'lightningcss';
import { type HTMLElement, parse, valid } from 'node-html-parser';
import { repositoryPath } from '../../testing/repository.ts';
import { type Block, placeOf } from './extract.ts';

/** What `<web-dit>` offers to markup and styles: names. */
export interface Vocabulary {
  readonly attributes: readonly string[];
  readonly slots: readonly string[];
  readonly parts: readonly string[];
  readonly properties: readonly string[];
  readonly states: readonly string[];
}

interface Named {
  readonly name: string;
}

/** From the custom-elements manifest of the element. */
export function readVocabulary(): Vocabulary {
  const { modules } = JSON.parse(readFileSync(repositoryPath('packages/element/custom-elements.json'), 'utf8'));
  const element = modules
    .flatMap(({ declarations }: { declarations: object[] }) => declarations)
    .find(({ tagName }: { tagName?: string }) => tagName === 'web-dit');
  const names = (list: readonly Named[] = []) => list.map(({ name }) => name);
  return {
    attributes: names(element.attributes),
    slots: names(element.slots),
    parts: names(element.cssParts),
    properties: names(element.cssProperties),
    states: names(element.cssStates),
  };
}

/** Attributes that every element has, as far as the docs use them. */
const everywhere = ['id', 'class', 'slot', 'hidden', 'style', 'title', 'lang'];

/** What is wrong with a block of HTML: its form, and what it asks of `<web-dit>`. */
export function problemsInHtml(block: Block, vocabulary: Vocabulary): string[] {
  const { text } = block;
  const root = parse(text, { comment: true });
  const problems: string[] = valid(text) ? [] : ['is not well-formed'];
  for (const element of root.querySelectorAll('web-dit')) problems.push(...problemsOfTag(element, vocabulary));
  for (const style of root.querySelectorAll('style')) problems.push(...problemsOfStyles(style.text, vocabulary));
  return problems.map((problem) => `${placeOf(block)}: ${problem}.`);
}

/** What is wrong with a block of CSS. */
export function problemsInCss(block: Block, vocabulary: Vocabulary): string[] {
  return problemsOfStyles(block.text, vocabulary).map((problem) => `${placeOf(block)}: ${problem}.`);
}

function problemsOfTag(element: HTMLElement, { attributes, slots }: Vocabulary): string[] {
  const known = [...attributes, ...everywhere];
  const unknown = Object.keys(element.attributes).filter((name) => !known.includes(name));
  const given = element.childNodes.flatMap((node) =>
    'getAttribute' in node ? [(node as HTMLElement).getAttribute('slot')] : [],
  );
  return [
    ...unknown.map((name) => `web-dit has no attribute "${name}"`),
    ...given.flatMap((slot) => (slot === undefined || slots.includes(slot) ? [] : [`web-dit has no slot "${slot}"`])),
  ];
}

function problemsOfStyles(css: string, { parts, properties, states }: Vocabulary): string[] {
  try {
    transform({ filename: 'block.css', code: Buffer.from(css) });
  } catch (error) {
    return [`is no CSS: ${(error as Error).message}`];
  }
  const unknown = (pattern: RegExp, known: readonly string[], what: string) =>
    [...css.matchAll(pattern)].flatMap(([, name = '']) =>
      known.includes(name) ? [] : [`web-dit has no ${what} "${name}"`],
    );
  return [
    ...unknown(/::part\(([^)]+)\)/g, [...parts, ...stepParts], 'part'),
    ...unknown(/(--webdit-[\w-]+)/g, [...properties, '--webdit-progress'], 'custom property'),
    ...unknown(/web-dit:state\(([^)]+)\)/g, states, 'state'),
  ];
}

/** Parts of a step by its kind, which the manifest describes with the part `step`. */
const stepParts = ['step-full', 'step-selective', 'step-reuse', 'step-forecast', 'step-skip', 'step-open'];
