import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tree } from '@yowasp/clang';
import type { VerilatorKit } from './artifact.ts';
import { CLANG_FLAGS, RUNTIME_OBJECTS } from './clang-flags.ts';

/** Flags of a model's own code, before the level of optimisation (-O2 takes longer than -O1 and does not run faster). */
export const WASM_FLAGS: readonly string[] = [
  ...CLANG_FLAGS,
  // Most of a small design's time goes into libc++: read only the headers that are named. No layout depends on it.
  '-D_LIBCPP_REMOVE_TRANSITIVE_INCLUDES',
  '-mexec-model=reactor',
  '-fbracket-depth=4096',
  '-Iinclude',
  '-Wl,-z,stack-size=8388608',
  '-Wl,--strip-all',
];

/** Verilator's headers and runtime, for a compilation of a verilated model. */
export async function verilatorFiles(kit: VerilatorKit): Promise<Tree> {
  const names = (await readdir(kit.include)).filter((name) => name.endsWith('.h'));
  const header = async (name: string) => [name, await readFile(join(kit.include, name), 'utf8')] as const;
  const object = async (name: string) => [name, await readFile(join(kit.runtime, name))] as const;
  const files: Tree = Object.fromEntries(await Promise.all(RUNTIME_OBJECTS.map(object)));
  files['include'] = Object.fromEntries(await Promise.all(names.map(header)));
  return files;
}
