import { join } from 'node:path';
import { cacheDirectory, sealedDirectory, sha256 } from './cache.ts';
import { cppProblem } from './clang.ts';
import type { CppCompiler, NativeTools } from './find.ts';
import { runProgram } from './spawn.ts';

/** Flags of a model's own code and of the runtime; the result must run on any machine that shares the cache. */
export const NATIVE_FLAGS: readonly string[] = [
  '-std=gnu++17',
  '-w',
  '-DVM_COVERAGE=0',
  '-DVM_SC=0',
  '-DVM_TRACE=0',
  '-DHARNESS_NATIVE',
];

const RUNTIME = ['verilated', 'verilated_threads'] as const;

/** Compiles one translation unit in `directory` and links it with `objects` to the program `output`. */
export async function compileNative(
  { compiler }: CppCompiler,
  flags: readonly string[],
  directory: string,
  unity: string,
  objects: Promise<readonly string[]>,
  output: string,
): Promise<void> {
  const compiled = cpp(compiler, [...NATIVE_FLAGS, ...flags, '-c', unity, '-o', 'unity.o'], directory);
  const [linked] = await Promise.all([objects, compiled]);
  await cpp(compiler, ['unity.o', ...linked, '-pthread', '-o', output], directory);
}

/** Verilator's runtime, compiled once for each compiler and each Verilator. */
export async function runtimeObjects(tools: NativeTools): Promise<string[]> {
  const include = join(tools.root, 'include');
  const flags = [...NATIVE_FLAGS, '-O3', `-I${include}`];
  const key = sha256(JSON.stringify([tools, flags, process.platform, process.arch])).slice(0, 32);
  const path = await sealedDirectory(join(cacheDirectory(), 'runtime', key), async (directory) => {
    const compile = (name: string) =>
      cpp(tools.compiler, [...flags, '-c', join(include, `${name}.cpp`), '-o', `${name}.o`], directory);
    await Promise.all(RUNTIME.map(compile));
  });
  return RUNTIME.map((name) => join(path, `${name}.o`));
}

async function cpp(compiler: string, args: readonly string[], cwd: string): Promise<void> {
  const { status, stderr } = await runProgram(compiler, args, { cwd });
  if (status !== 0) throw cppProblem(compiler, stderr);
}
