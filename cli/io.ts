/** Where a command's words go, and what it must be able to take back when it is interrupted. */

/** Paths that exist only while a command works; whoever stops the command removes them. */
export interface Scratch {
  /** `path` is removed with all that is in it, then those of `parents` that are empty, in this order. */
  readonly begin: (path: string, parents: readonly string[]) => void;
  readonly end: (path: string) => void;
}

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Characters per line on stdout. */
  readonly width: number;
  /** Whether stderr is a terminal, where a line can be rewritten in place; then its characters per line. */
  readonly statusWidth: number | undefined;
  readonly scratch: Scratch;
  /** From now on the first interrupt is told by `interrupted` alone. */
  readonly allowInterrupt: () => void;
  readonly interrupted: () => boolean;
}

/** Characters per line where stdout is not a terminal. */
export const plainWidth = 140;

/** For those that nobody interrupts. */
export const neverInterrupted = { allowInterrupt: (): void => undefined, interrupted: () => false };

export const noScratch: Scratch = { begin: () => undefined, end: () => undefined };

/** This process's own streams. */
export const processIo = (): Io => ({
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  width: process.stdout.isTTY ? process.stdout.columns : plainWidth,
  statusWidth: process.stderr.isTTY ? process.stderr.columns : undefined,
  scratch: noScratch,
  ...neverInterrupted,
});
