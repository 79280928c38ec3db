import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Tree } from '@yowasp/clang';
import { VerilatorProblem } from './problem.ts';

/**
 * V8 compiles a function of the 75 MB clang again, optimised, once it has run this much; its default (1.8 M) spends more
 * time compiling clang than that saves while clang compiles one design (README, figures).
 */
const V8_FLAGS = ['--wasm-tiering-budget=50000000'];

/** A compiler that is being loaded, for one compilation. */
export interface Clang {
  /** Runs `clang++ args` over `files` and returns the file `output`. */
  compile(args: readonly string[], files: Tree, output: string): Promise<Uint8Array>;
  /** Ends the process; a compilation under way fails. */
  close(): void;
}

/** Starts loading the compiler in a process of its own; it ends with `close` or with this process. */
export function startClang(): Clang {
  const child = fork(fileURLToPath(new URL('clang-child.mjs', import.meta.url)), [], {
    execArgv: V8_FLAGS,
    env: { ...process.env, NODE_OPTIONS: '' },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const answer = new Promise<{ result?: Uint8Array; log?: string }>((resolve) => {
    child.on('message', resolve);
    child.on('error', (error) => resolve({ log: error.message }));
    child.on('exit', (code, signal) => {
      resolve({ log: `the compiler ended with ${signal ?? `status ${code}`}\n${Buffer.concat(stderr)}` });
    });
  });
  return {
    async compile(args, files, output) {
      child.send({ args, files, output });
      const { result, log } = await answer;
      if (result === undefined) throw cppProblem('@yowasp/clang', log ?? '');
      return result;
    },
    close: () => {
      child.kill('SIGKILL');
    },
  };
}

/** C++ that a tool made and that does not compile is never the user's making. */
export function cppProblem(compiler: string, log: string): VerilatorProblem {
  return new VerilatorProblem({
    status: 3,
    id: 'cpp-failed',
    what: 'the C++ compiler failed on the C++ made of the design',
    where: compiler,
    expected: 'exit status 0',
    found: log.trim().slice(0, 2000),
    remedy: 'if memory ran out, use a smaller design or more memory; otherwise report this with the design',
  });
}
