import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { VERILATOR_WASM_VERSION } from './artifact.ts';

const run = promisify(execFile);

/** A Verilator that can be used, and where it comes from. */
export interface FoundVerilator {
  readonly how: 'wasm' | 'native';
  /** As Verilator says it: '5.006'. */
  readonly version: string;
  /** The launcher on PATH; absent for the WebAssembly build, which is part of this package. */
  readonly path?: string;
}

/** A C++ compiler on PATH. */
export interface CppCompiler {
  readonly compiler: string;
  readonly compilerVersion: string;
}

/** What a native build needs: Verilator 5 and a C++ compiler, both on PATH. */
export interface NativeTools extends CppCompiler {
  readonly verilator: string;
  readonly version: string;
  /** Verilator's own idea of where its C++ headers are. */
  readonly root: string;
}

/** The first executable of that name on PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { PATH } = env;
  for (const directory of (PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (directory !== '' && statSync(path).isFile()) return path;
    } catch {
      // Not here: look in the next directory.
    }
  }
  return undefined;
}

/** The native tools, or a sentence on what is missing. Windows has no FIFOs, so native models do not run there. */
export async function findNativeTools(env: NodeJS.ProcessEnv = process.env): Promise<NativeTools | string> {
  if (process.platform === 'win32') return 'native models are not supported on Windows';
  const verilator = onPath('verilator', env);
  if (verilator === undefined) return 'no `verilator` on PATH';
  const version = /^Verilator (5\.\S+)/.exec(await output(verilator, ['--version'], env))?.[1];
  if (version === undefined) return 'the `verilator` on PATH is not a working Verilator 5';
  const root = (await output(verilator, ['--getenv', 'VERILATOR_ROOT'], env)).trim();
  const compiler = await findCompiler(env);
  return typeof compiler === 'string' ? compiler : { verilator, version, root, ...compiler };
}

/** The C++ compiler on PATH, or a sentence on what is missing. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<CppCompiler | string> {
  if (process.platform === 'win32') return 'native models are not supported on Windows';
  const compiler = ['c++', 'g++', 'clang++'].map((name) => onPath(name, env)).find((path) => path !== undefined);
  if (compiler === undefined) return 'no C++ compiler (`c++`, `g++` or `clang++`) on PATH';
  return { compiler, compilerVersion: (await output(compiler, ['--version'], env)).split('\n')[0] ?? '' };
}

async function output(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await run(program, [...args], { env })).stdout;
  } catch {
    return '';
  }
}

/**
 * The Verilator that a build with `how` would use, or undefined where there is none; for a `doctor` command.
 * `auto` prefers the native one, where a C++ compiler is there too.
 */
export async function findVerilator(how: 'wasm' | 'native' | 'auto' = 'auto'): Promise<FoundVerilator | undefined> {
  if (how !== 'wasm') {
    const tools = await findNativeTools();
    if (typeof tools !== 'string') return { how: 'native', version: tools.version, path: tools.verilator };
    if (how === 'native') return undefined;
  }
  return { how: 'wasm', version: VERILATOR_WASM_VERSION };
}
