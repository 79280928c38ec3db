import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@yowasp/clang';
import type { VerilatorKit } from './artifact.ts';
import type { Clang } from './clang.ts';
import { CLANG_FLAGS, RUNTIME_OBJECTS } from './clang-flags.ts';

/** Flags of a model's own code. */
export const WASM_FLAGS: readonly string[] = [
  ...CLANG_FLAGS,
  '-O1', // -O2 takes longer to build and does not run faster (README, figures)
  // Most of a small design's time goes into libc++: read only the headers that are named. No layout depends on it.
  '-D_LIBCPP_REMOVE_TRANSITIVE_INCLUDES',
  '-mexec-model=reactor',
  '-fbracket-depth=4096',
  '-Iinclude',
  '-Wl,-z,stack-size=8388608',
  '-Wl,--strip-all',
];

/**
 * Compiles Verilator's C++ and the harness, as one translation unit, to a WebAssembly reactor.
 * `sources`: Verilator's output and the unity file, by name.
 */
export async function compileWasm(
  clang: Clang,
  kit: VerilatorKit,
  sources: Readonly<Record<string, string>>,
  unity: string,
): Promise<Uint8Array> {
  const files: Tree = { ...sources, include: await headers(kit.include) };
  for (const object of RUNTIME_OBJECTS) files[object] = await readFile(join(kit.runtime, object));
  return clang.compile([...WASM_FLAGS, unity, ...RUNTIME_OBJECTS, '-o', 'model.wasm'], files, 'model.wasm');
}

async function headers(directory: string): Promise<Tree> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.h'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const)),
  );
}
