import { run } from '../run.ts';

export interface Answer {
  readonly code: number;
  readonly lines: string[];
  readonly errors: string[];
}

/** Runs `webdit <args>` in the test's own process. */
export async function runHere(...args: string[]): Promise<Answer> {
  const lines: string[] = [];
  const errors: string[] = [];
  const output = { line: (text: string) => lines.push(text), progress: () => {} };
  const code = await run(args, output, (text) => errors.push(text));
  return { code, lines, errors };
}
