import { join } from 'node:path';
import { cacheDirectory, sealedDirectory, sha256 } from './cache.ts';
import { cppProblem } from './clang.ts';
import type { NativeTools } from './find.ts';
import { runProgram } from './spawn.ts';

/** Flags of a model's own code and of the runtime; the result must run on any machine that shares the cache. */
export const NATIVE_FLAGS: readonly string[] = [
  '-std=gnu++17',
  '-O3',
  '-w',
  '-DVM_COVERAGE=0',
  '-DVM_SC=0',
  '-DVM_TRACE=0',
  '-DHARNESS_NATIVE',
];

const RUNTIME = ['verilated', 'verilated_threads'] as const;

/** Compiles Verilator's C++ in `directory` and the harness, as one translation unit, to the program `output`. */
export async function compileNative(
  tools: NativeTools,
  directory: string,
  unity: string,
  output: string,
): Promise<void> {
  const include = join(tools.root, 'include');
  const [objects] = await Promise.all([
    runtimeObjects(tools),
    cpp(tools, [...NATIVE_FLAGS, `-I${include}`, '-c', unity, '-o', 'unity.o'], directory),
  ]);
  await cpp(tools, ['unity.o', ...objects, '-pthread', '-o', output], directory);
}

/** Verilator's runtime, compiled once for each compiler and each Verilator. */
async function runtimeObjects(tools: NativeTools): Promise<string[]> {
  const include = join(tools.root, 'include');
  const key = sha256(JSON.stringify([tools, NATIVE_FLAGS, process.platform, process.arch])).slice(0, 32);
  const path = await sealedDirectory(join(cacheDirectory(), 'runtime', key), async (directory) => {
    const compile = (name: string) =>
      cpp(tools, [...NATIVE_FLAGS, `-I${include}`, '-c', join(include, `${name}.cpp`), '-o', `${name}.o`], directory);
    await Promise.all(RUNTIME.map(compile));
  });
  return RUNTIME.map((name) => join(path, `${name}.o`));
}

async function cpp(tools: NativeTools, args: readonly string[], cwd: string): Promise<void> {
  const { status, stderr } = await runProgram(tools.compiler, args, { cwd });
  if (status !== 0) throw cppProblem(tools.compiler, stderr);
}
