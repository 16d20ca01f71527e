import { WebDiTError } from '../errors.ts';

/**
 * Settings from the words of a policy's text, each of which sets keys that no other word may set.
 *
 * @param text what follows the policy's name, split at underscores unless `words` says otherwise.
 * @param read settings of one word, or null for one that means nothing.
 * @throws WebDiTError `bad-argument`, naming the word.
 */
export function readWords<T extends object>(
  { policy, text, words = text.split('_'), remedy }: { policy: string; text: string; words?: string[]; remedy: string },
  read: (word: string, index: number) => T | null,
): Partial<T> {
  let settings: Partial<T> = {};
  for (const [index, word] of words.entries()) {
    const found = read(word, index);
    if (found === null || Object.keys(found).some((key) => key in settings)) {
      throw new WebDiTError(
        'bad-argument',
        `"${word}" in "${policy}:${text}" ${found === null ? 'means nothing' : 'repeats a setting'}.`,
        remedy,
      );
    }
    settings = { ...settings, ...found };
  }
  return settings;
}
