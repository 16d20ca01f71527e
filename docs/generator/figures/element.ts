import { readFileSync } from 'node:fs';
import { repositoryPath } from '../../../testing/repository.ts';

interface Described {
  readonly name: string;
  readonly description?: string;
  readonly default?: string;
  readonly type?: { readonly text: string };
  readonly kind?: string;
  readonly attribute?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly optional?: boolean;
    readonly type?: { readonly text: string };
  }[];
  readonly return?: { readonly type: { readonly text: string } };
}

type Lists = 'attributes' | 'events' | 'slots' | 'cssParts' | 'cssProperties' | 'cssStates' | 'members';
type Declaration = Readonly<Partial<Record<Lists, readonly Described[]>>>;

/** Everything that `<web-dit>` offers, as markdown tables, from its custom-elements manifest. */
export function elementTables(): string {
  const { modules } = JSON.parse(readFileSync(repositoryPath('packages/element/custom-elements.json'), 'utf8'));
  const element: Declaration = modules
    .flatMap(({ declarations }: { declarations: Declaration[] }) => declarations)
    .find(({ tagName }: { tagName?: string }) => tagName === 'web-dit');
  const { attributes, events, slots, cssParts, cssProperties, cssStates, members } = element;
  const methods = (members ?? []).filter(({ kind }) => kind === 'method');
  const readable = (members ?? []).filter(
    ({ kind, attribute, description }) => kind === 'field' && !attribute && description,
  );
  return [
    table('Attributes', ['attribute', 'type', 'meaning'], attributes, (of) => [
      code(of.name),
      code(of.type?.text),
      sentence(of),
    ]),
    'Each is also a property of the same name, `negative-prompt` as `negativePrompt`. `seed` may be a bigint there, and `cache` an object.',
    table('Properties to read', ['property', 'type', 'meaning'], readable, (of) => [
      code(of.name),
      code(of.type?.text),
      sentence(of),
    ]),
    table('Methods', ['method', 'gives', 'meaning'], methods, (of) => [
      code(call(of)),
      code(of.return?.type.text),
      sentence(of),
    ]),
    table('Events', ['event', 'detail', 'meaning'], events, (of) => [code(of.name), code(detail(of)), sentence(of)]),
    'All bubble and cross shadow roots; none can be cancelled.',
    table('Slots', ['slot', 'meaning'], slots, (of) => [code(of.name), sentence(of)]),
    table('Parts', ['part', 'meaning'], cssParts, (of) => [code(of.name), sentence(of)]),
    table('Custom properties', ['property', 'default', 'meaning'], cssProperties, (of) => [
      code(of.name),
      code(of.default),
      sentence(of),
    ]),
    table('States', ['state', 'meaning'], cssStates, (of) => [code(`:state(${of.name})`), sentence(of)]),
  ].join('\n\n');
}

function table(
  title: string,
  head: readonly string[],
  rows: readonly Described[] | undefined,
  cells: (row: Described) => readonly string[],
): string {
  if (!rows || rows.length === 0) throw new Error(`The element's manifest lists nothing under ${title}.`);
  const line = (texts: readonly string[]) => `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map((row) => line(cells(row)))].join(
    '\n',
  );
}

function code(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\`${text.replace(/\s+/g, ' ')}\``;
}

function sentence({ description = '' }: Described): string {
  const text = description.replace(/\s+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function call({ name, parameters = [] }: Described): string {
  return `${name}(${parameters.map((parameter) => `${parameter.name}${parameter.optional ? '?' : ''}`).join(', ')})`;
}

function detail({ type }: Described): string | undefined {
  return type?.text.replace(/^CustomEvent<(.*)>$/, '$1');
}
