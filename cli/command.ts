/** What a command is: it reads its arguments, does its work and returns a report; printing and exit status are `main`'s. */
import type { Argv } from 'yargs';
import type { ModuleCells, StreamUse } from '../sim/index.ts';
import type { Scratch } from './io.ts';

/** Where a number comes from: clocked on this machine, counted in a simulation, or computed from a model. */
export type Kind = 'measured' | 'simulated' | 'projected';

export interface Figure {
  /** snake_case, stable; qualified by a dotted prefix where a command gives several. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly kind: Kind;
}

export interface Check {
  /** Stable and unlike every other of the report. */
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/** Something that was not done because a tool is not there: never counted as passed. */
export interface Skipped {
  readonly name: string;
  readonly why: string;
  readonly get: string;
}

/** A fault that was planted and not found. */
export interface Survivor {
  readonly kind: string;
  readonly what: string;
  /** Its line of TypeScript, `file:line:column`, where it has one. */
  readonly where: string | undefined;
}

export interface Report {
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  readonly skipped: readonly Skipped[];
  readonly tools: Readonly<Record<string, { readonly version: string; readonly how: string }>>;
  /** In `--json`; people read of them in `text`. */
  readonly survivors?: readonly Survivor[];
  /** In `--json`; people read of them in `text`. */
  readonly streams?: readonly StreamUse[];
  /** In `--json`; people read of them in `text`. */
  readonly modules?: readonly ModuleCells[];
  /** Lines for people, printed before the tables and left out of `--json`. */
  readonly text?: string;
  /** The text that the command was asked to make: `text` of `--json`; people have had it from `Session.stream`. */
  readonly made?: string;
}

/** Tells how far the work is; shown on stderr. */
export type Progress = (line: string) => void;

/** What a command may use beyond its arguments. */
export interface Session {
  /** Told of what must be removed when the command is interrupted. */
  readonly scratch: Scratch;
  /** Puts text on stdout while the command runs; undefined with `--json`, where the report is all there is. */
  readonly stream: ((text: string) => void) | undefined;
  /** Whether the user has asked for an end: an interruptible command then reports what it has. */
  readonly interrupted: () => boolean;
}

export interface Command<T> {
  /** One word, then positionals in angle brackets; `<action>` is part of the command's name in reports. */
  readonly command: string;
  readonly describe: string;
  /** Whether it looks at `interrupted`. A second interrupt ends any command at once. */
  readonly interruptible?: boolean;
  readonly builder: (y: Argv) => Argv<T>;
  readonly run: (args: T, progress: Progress, session: Session) => Promise<Report>;
}
