/** One entry of the model's `classes.json`. */
export interface EmojiClass {
  readonly id: number;
  readonly label: string;
  /** Empty in models of other things. */
  readonly emoji: string;
  readonly tags: readonly string[];
}

/** @throws Error when the list cannot be loaded. */
export async function loadClasses(modelUrl: URL): Promise<EmojiClass[]> {
  const response = await fetch(new URL('classes.json', modelUrl));
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return (await response.json()) as EmojiClass[];
}

const bare = (text: string) => text.replaceAll('\ufe0f', '').trim().toLowerCase();

/**
 * Classes that match every word of `query`, best first: names that begin with a word, then names that contain it, then
 * tags. An emoji finds itself. An empty query finds everything, in the model's order.
 */
export function searchClasses(classes: readonly EmojiClass[], query: string): readonly EmojiClass[] {
  const words = bare(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return classes;
  const ranked: { entry: EmojiClass; rank: number }[] = [];
  for (const entry of classes) {
    let rank = 0;
    for (const word of words) rank += rankOf(entry, word);
    if (Number.isFinite(rank)) ranked.push({ entry, rank });
  }
  return ranked.sort((a, b) => a.rank - b.rank || a.entry.id - b.entry.id).map(({ entry }) => entry);
}

/** Whether there is anything to show in a grid. */
export function hasEmoji(classes: readonly EmojiClass[]): boolean {
  return classes.some(({ emoji }) => emoji !== '');
}

/** The class a link or a user names, by label or emoji. */
export function findLabel(classes: readonly EmojiClass[], label: string): EmojiClass | undefined {
  const wanted = bare(label);
  return classes.find((entry) => bare(entry.label) === wanted || bare(entry.emoji) === wanted);
}

function rankOf(entry: EmojiClass, word: string): number {
  const label = bare(entry.label);
  if (bare(entry.emoji) === word || label === word) return 0;
  if (label.split(/[\s-]+/).some((part) => part.startsWith(word))) return 1;
  if (label.includes(word)) return 2;
  if (entry.tags.some((tag) => tag.toLowerCase().startsWith(word))) return 3;
  return Number.POSITIVE_INFINITY;
}
