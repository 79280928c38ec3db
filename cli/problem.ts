/** What went wrong with the input, the usage or the tools, whichever layer found it. */
import { cacheDirectory } from 'verilator-wasm';

export interface Problem {
  /** Exit status: 2 input or usage, 3 a tool that was asked for is missing, 1 a defect of ours. */
  readonly status: 1 | 2 | 3;
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

/** A problem that the command line itself finds. */
export class CommandProblem extends Error implements Problem {
  readonly status: 2 | 3;
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(facts: Omit<Problem, 'status'> & { readonly status?: 2 | 3 }) {
    super(facts.what);
    this.name = 'CommandProblem';
    this.status = facts.status ?? 2;
    this.id = facts.id;
    this.what = facts.what;
    this.where = facts.where;
    this.expected = facts.expected;
    this.found = facts.found;
    this.remedy = facts.remedy;
  }
}

/** What yargs refuses although our own checks let it pass. */
export const usageProblem = (message: string): CommandProblem =>
  new CommandProblem({
    id: 'usage',
    what: message.replaceAll('\n', '; '),
    where: 'the command line',
    expected: 'a command and its options as `popscan --help` and `popscan <command> --help` list them',
    found: message.split('\n')[0]!,
    remedy: 'correct the command line',
  });

/** Layers do not share a class: anything thrown with these fields is a problem, everything else a defect. */
export function problemOf(error: unknown): Problem | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const e = error as Partial<Problem> & Error;
  if (e.name === 'DesignError') return undefined; // of a user of `gen`; the designs here are ours
  if ((e.status === 2 || e.status === 3) && typeof e.id === 'string' && typeof e.remedy === 'string')
    return e as Problem;
  if (e.name === 'YError') return usageProblem(e.message);
  return systemProblem(error as NodeJS.ErrnoException);
}

/** What the operating system refused, as far as it concerns a path. */
function systemProblem({ code, syscall, path, message }: NodeJS.ErrnoException): Problem | undefined {
  if (typeof code !== 'string' || typeof syscall !== 'string') return undefined;
  const cache = cacheDirectory();
  if (path?.startsWith(cache)) {
    return new CommandProblem({
      id: 'cache-directory',
      what: 'the cache directory cannot be used',
      where: cache,
      expected: 'a directory that you may write to, or a place where one can be made',
      found: `${code} at ${syscall} ${path}`,
      remedy: 'set POPSCAN_CACHE to another directory, or remove what is in the way',
    });
  }
  return new CommandProblem({
    id: `system-${code.toLowerCase()}`,
    what: `the operating system refused: ${message}`,
    where: path ?? syscall,
    expected: `${syscall} to succeed`,
    found: code,
    remedy: 'check that the path exists, that you may read or write it, and that the disk is not full',
  });
}

/** A mistake of ours: shown whole, so that it can be reported. */
export function internalProblem(error: unknown): Problem {
  const known = error instanceof Error;
  return {
    status: 1,
    id: 'internal',
    what: known ? error.message : String(error),
    where: known ? (error.stack ?? '') : '',
    expected: 'no such failure',
    found: 'a defect of popscan',
    remedy: 'report it with the command and this text',
  };
}
