import { readFile, rename, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { commands } from '@yowasp/clang';

const FLAGS = [
  '--target=wasm32',
  '-O3',
  '-msimd128',
  '-matomics',
  '-mbulk-memory',
  '-ffreestanding',
  '-nostdlib',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wl,--no-entry',
  '-Wl,--import-memory',
  '-Wl,--shared-memory',
  '-Wl,--max-memory=4294967296',
  '-Wl,--strip-all',
];

/** Compiles a kernel source of this folder with the pinned compiler of package.json: same source, same bytes. */
export async function compileKernels(name: string): Promise<Uint8Array> {
  const source = await readFile(new URL(`./${name}.c`, import.meta.url));
  const messages: Uint8Array[] = [];
  const stderr = (bytes: Uint8Array | null) => {
    if (bytes !== null) messages.push(bytes);
  };
  const args = [...FLAGS, '-o', 'out.wasm', `${name}.c`];
  try {
    const files = await commands.clang(args, { [`${name}.c`]: new Uint8Array(source) }, { stdout: null, stderr });
    return files!['out.wasm'] as Uint8Array;
  } catch (cause) {
    throw new Error(`${name}.c does not compile:\n${Buffer.concat(messages)}`, { cause });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const target = new URL('./float.wasm', import.meta.url);
  const beside = new URL('./float.wasm.new', import.meta.url);
  await writeFile(beside, await compileKernels('float'));
  await rename(beside, target);
}
