/** Where a command's words go. */
export interface Output {
  /** One line of the command's output, on stdout. */
  line(text: string): void;
  /** Progress, on stderr, where a person is watching; replaces the progress before it. */
  progress(text: string): void;
}

/** Runs with the arguments after the command's name; returns the exit code. */
export type Command = (args: readonly string[], output: Output) => Promise<number>;
