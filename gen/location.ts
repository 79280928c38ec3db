/** Where in the user's TypeScript a node was made: found cheaply, one object per place, formatted only when somebody asks. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const frame = /\(?((?:file:\/\/)?[^()\s][^()]*?):(\d+):(\d+)\)?$/;

interface Trace {
  stack?: string;
}

export class Location {
  readonly #trace: Trace;

  private constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** The caller of `below`. A place that was met before is the same object. */
  static capture(below: (...args: never[]) => unknown): Location {
    const site = callSite(below);
    const script = site?.getScriptNameOrSourceURL();
    if (site === undefined || !script) return new Location(trace(below)); // evaluated text: many have no name
    let places = known.get(script);
    if (places === undefined) {
      places = new Map();
      known.set(script, places);
    }
    const offset = site.getPosition();
    let location = places.get(offset);
    if (location === undefined) {
      location = new Location(trace(below));
      places.set(offset, location);
    }
    return location;
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

/** Places by script and by offset in it: a pure function of the engine's call sites, remembered. */
const known = new Map<string, Map<number, Location>>();

/** The one frame above `below`, as the engine made it: formatted, and mapped to the source, on demand. */
function trace(below: (...args: never[]) => unknown): Trace {
  const made: Trace = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(made, below);
  Error.stackTraceLimit = limit;
  return made;
}

type Site = NodeJS.CallSite & { getPosition(): number };
let frames: readonly NodeJS.CallSite[] = [];
const takeFrames = (_error: Error, sites: NodeJS.CallSite[]): string => {
  frames = sites;
  return '';
};

/** Taken anew for every call: an object of its own for each costs a fifth of the time. */
const held: Trace = {};

function callSite(below: (...args: never[]) => unknown): Site | undefined {
  const { stackTraceLimit: limit, prepareStackTrace: prepare } = Error;
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = takeFrames;
  Error.captureStackTrace(held, below);
  void held.stack;
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return frames[0] as Site | undefined;
}
