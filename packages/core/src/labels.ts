import { WebDiTError } from './errors.ts';

/** One class of a class-conditional model. */
export interface ClassEntry {
  readonly id: number;
  /** English name, or several after each other with commas, as ImageNet's are. */
  readonly label: string;
  readonly emoji?: string | undefined;
}

const mostSuggestions = 3;

/**
 * Finds a class by id, name (any case) or emoji (with or without U+FE0F).
 *
 * @param label an id as a number or in digits, a name, one of several comma-separated names, or an emoji.
 * @throws WebDiTError `unknown-label`, with near matches where there are any.
 */
export function findClass(classes: readonly ClassEntry[], label: string | number): ClassEntry {
  const text = normalise(String(label));
  const found =
    (typeof label === 'string'
      ? (classes.find(({ emoji }) => emoji !== undefined && normalise(emoji) === text) ??
        classes.find((entry) => normalise(entry.label) === text) ??
        classes.find((entry) => names(entry).includes(text)))
      : undefined) ?? (/^\d+$/.test(text) ? classes.find(({ id }) => id === Number(text)) : undefined);
  if (found === undefined) {
    const near = typeof label === 'number' || text === '' ? [] : suggestions(classes, text);
    throw new WebDiTError(
      'unknown-label',
      `The model has no class "${String(label)}".`,
      near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'Pass a class name, an emoji or a class id of this model.',
    );
  }
  return found;
}

function normalise(text: string): string {
  return text.replaceAll('\ufe0f', '').trim().toLowerCase();
}

function names(entry: ClassEntry): string[] {
  return entry.label.split(',').map(normalise);
}

/** Labels closest to `text`: by edit distance, where a label that contains the text counts as one letter off. */
function suggestions(classes: readonly ClassEntry[], text: string): string[] {
  const limit = Math.max(1, Math.floor(text.length / 3));
  const ranked: { label: string; distance: number }[] = [];
  for (const entry of classes) {
    let distance = Number.POSITIVE_INFINITY;
    for (const name of names(entry)) {
      distance = Math.min(distance, text.length > 1 && name.includes(text) ? 1 : editDistance(name, text, limit));
    }
    if (distance <= limit) ranked.push({ label: entry.label, distance });
  }
  ranked.sort((a, b) => a.distance - b.distance || a.label.length - b.label.length);
  return ranked.slice(0, mostSuggestions).map(({ label }) => label);
}

/** Levenshtein distance, or Infinity as soon as it must exceed `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
