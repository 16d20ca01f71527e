import { type Block, placeOf } from './extract.ts';

/** One command of a block for the shell, as the words that the shell would pass on. */
export interface ShellCommand {
  /** Where it stands, for messages. */
  readonly place: string;
  readonly words: readonly string[];
}

/**
 * The commands of a `sh` block: one a line, `\` goes on in the next, `#` begins a comment, quotes keep spaces. What else a shell
 * can do has no place in the docs: their commands must also work in other shells.
 *
 * @throws Error for anything else, such as a pipe or a variable.
 */
export function commandsIn(block: Block): ShellCommand[] {
  const commands: ShellCommand[] = [];
  const lines = block.text.split('\n');
  for (let row = 0; row < lines.length; row++) {
    const place = placeOf({ ...block, line: block.line + row + 1 });
    let text = lines[row] as string;
    while (text.endsWith('\\')) text = `${text.slice(0, -1)} ${lines[++row] ?? ''}`;
    const words = wordsIn(text, place);
    if (words.length > 0) commands.push({ place, words });
  }
  return commands;
}

function wordsIn(text: string, place: string): string[] {
  const words: string[] = [];
  const pattern = /\s*(?:#.*|'([^']*)'|"([^"$`\\]*)"|([^\s'"#|&;<>()$`*?]+))/y;
  const whole = text.trimEnd();
  while (pattern.lastIndex < whole.length) {
    const begin = pattern.lastIndex;
    const match = pattern.exec(whole);
    if (!match) throw new Error(`${place}: "${whole.slice(begin).trim()}" is more than words, quotes and comments.`);
    const word = match[1] ?? match[2] ?? match[3];
    if (word !== undefined) words.push(word);
  }
  return words;
}
