// Compiles Verilator's runtime for wasm32-wasi: `rebuild-runtime.ts DIRECTORY` reads DIRECTORY/include and writes
// DIRECTORY/runtime/*.o. Called by rebuild.sh.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands, type Tree } from '@yowasp/clang';
import { CLANG_FLAGS, RUNTIME_OBJECTS } from './clang-flags.ts';

// wasm32-wasi's libc++abi lacks it; a model lives as long as its process or its memory, so nothing needs to be destroyed.
const SHIM = 'extern "C" int __cxa_thread_atexit(void (*)(void*), void*, void*) { return 0; }\n';

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: rebuild-runtime.ts DIRECTORY');

const include: Tree = Object.fromEntries(
  readdirSync(join(directory, 'include'), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(join(directory, 'include', entry.name), 'utf8')]),
);
for (const object of RUNTIME_OBJECTS) {
  const source = object.replace(/o$/, 'cpp');
  const flags = ['-c', '-O2', ...CLANG_FLAGS, '-Iinclude', `include/${source}`, '-o', object];
  const tree: Tree = { include: { ...include, 'shim.cpp': SHIM } };
  const result = await commands['clang++'](flags, tree, { decodeASCII: false, fetchProgress: () => {} });
  const compiled = result?.[object];
  if (!(compiled instanceof Uint8Array)) throw new Error(`no ${object} came out of clang++`);
  writeFileSync(join(directory, 'runtime', object), compiled);
}
