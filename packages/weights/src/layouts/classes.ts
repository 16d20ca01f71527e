import { type ClassEntry, WebDiTError } from '@webdit/core';
import { type ModelSource, type OpenOptions, readJson } from '../source.ts';

/** A class and what its table says about it beyond the name. */
export interface ModelClass extends ClassEntry {
  readonly hexcode?: string;
  readonly group?: string;
  readonly subgroup?: string;
  readonly tags?: readonly string[];
}

/**
 * The class table: the file that `classes` of `model_index.json` names, else diffusers' `id2label`, else null.
 * @throws WebDiTError `format` for a table that is not one, `not-found`.
 */
export async function readClasses(
  source: ModelSource,
  index: Readonly<Record<string, unknown>>,
  numClasses: number,
  options: OpenOptions,
): Promise<readonly ModelClass[] | null> {
  const { classes: path, id2label } = index;
  if (typeof path === 'string') {
    const json = await readJson(source, path, options);
    if (!Array.isArray(json)) throw badTable(path, 'is not an array');
    return checkClasses(
      json.map((entry) => parseClass(entry, path)),
      numClasses,
      path,
    );
  }
  if (typeof id2label !== 'object' || id2label === null) return null;
  const entries = Object.entries(id2label).map(([id, label]) => parseClass({ id: Number(id), label }, 'id2label'));
  return checkClasses(entries, numClasses, 'id2label');
}

function parseClass(entry: unknown, path: string): ModelClass {
  const { id, label, emoji, hexcode, group, subgroup, tags } = (entry ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(id) || typeof label !== 'string') {
    throw badTable(path, `has an entry without a whole id and a label: ${JSON.stringify(entry)}`);
  }
  const texts = Object.entries({ emoji, hexcode, group, subgroup }).filter(([, value]) => typeof value === 'string');
  const tagged = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') ? { tags } : {};
  return { id: id as number, label, ...Object.fromEntries(texts), ...tagged };
}

function checkClasses(classes: readonly ModelClass[], numClasses: number, path: string): readonly ModelClass[] {
  const ids = new Set<number>();
  for (const { id } of classes) {
    if (id < 0 || id >= numClasses) throw badTable(path, `has id ${id}, but the model has ${numClasses} classes`);
    if (ids.has(id)) throw badTable(path, `has id ${id} twice`);
    ids.add(id);
  }
  return [...classes].sort((a, b) => a.id - b.id);
}

function badTable(path: string, what: string): WebDiTError {
  return new WebDiTError(
    'format',
    `The class table ${path} ${what}.`,
    'Correct the table or copy the model folder again.',
  );
}
