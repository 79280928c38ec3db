/** What went wrong with the input, the usage or the tools, whichever layer found it. */
import { existsSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { Problem, type ProblemFacts, type ProblemStatus } from 'popscan-problem';
import { cacheDirectory } from 'verilator-wasm';
import { DesignError } from '../gen/diagnostic.ts';
import { bundled } from './bundled.ts';

/** What ends a command: `status` is its exit status, 1 for a defect of ours. */
export interface Failure extends ProblemFacts {
  readonly status: ProblemStatus | 1;
}

/** A problem that the command line itself finds. */
export class CommandProblem extends Problem {}

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

/** What the user can mend; everything else that is thrown is a defect, also a mistake in one of our own designs. */
export function problemOf(error: unknown): Failure | undefined {
  if (error instanceof DesignError) return undefined;
  if (error instanceof Problem) return error.id === 'checkpoint-missing' ? nearBundled(error) : error;
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'YError') return usageProblem(error.message);
  return systemProblem(error);
}

/** A model named without its folder: those that come with popscan are in models/. */
function nearBundled(problem: Problem): Problem {
  const path = bundled(`models/${basename(problem.where)}`);
  if (!existsSync(path)) return problem;
  const { id, what, where, expected, found } = problem;
  const remedy = `the model of this name that comes with popscan is ${relative('.', path)}`;
  return new CommandProblem({ id, what, where, expected, found, remedy });
}

/** What the operating system refused, as far as it concerns a path. */
function systemProblem({ code, syscall, path, message }: NodeJS.ErrnoException): Failure | undefined {
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
export function internalProblem(error: unknown): Failure {
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
