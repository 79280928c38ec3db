/** Where in the user's TypeScript a node was made: captured cheaply, resolved only when somebody asks. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const frame = /\(?((?:file:\/\/)?[^()\s][^()]*?):(\d+):(\d+)\)?$/;

export class Location {
  readonly #trace: { stack?: string };

  private constructor(trace: { stack?: string }) {
    this.#trace = trace;
  }

  /** The caller of `below`: the stack is kept as the engine made it and is formatted (and source-mapped) on demand. */
  static capture(below: (...args: never[]) => unknown): Location {
    const trace: { stack?: string } = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 1;
    Error.captureStackTrace(trace, below);
    Error.stackTraceLimit = limit;
    return new Location(trace);
  }

  /** File (as a path), line and column, counted from 1; undefined when the engine gave no frame. */
  resolve(): Position | undefined {
    const line = this.#trace.stack?.split('\n')[1]?.trim();
    const match = line === undefined ? null : frame.exec(line.replace(/^at (?:.* \()?/, ''));
    if (match === null) return undefined;
    const [, file, row, column] = match;
    return { file: file!.replace(/^file:\/\//, ''), line: Number(row), column: Number(column) };
  }

  toString(): string {
    const at = this.resolve();
    return at === undefined ? 'unknown place' : `${at.file}:${at.line}:${at.column}`;
  }
}
