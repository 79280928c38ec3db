import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
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
  '-Wframe-larger-than=0',
  '-Wl,--no-entry',
  '-Wl,--import-memory',
  '-Wl,--shared-memory',
  '-Wl,--max-memory=4294967296',
  '-Wl,--strip-all',
];
/** Look-ups in 16 entries cost one instruction where indices beyond them need not give 0 (relaxed SIMD, of WebAssembly 3.0). */
const MORE_FLAGS: Readonly<Record<string, readonly string[]>> = { fixed: ['-mrelaxed-simd', '-ffp-contract=off'] };
const flagsOf = (name: string) => [...FLAGS, ...(MORE_FLAGS[name] ?? [])];
const SECTION = 'popscan.source';

interface Tree {
  [name: string]: Uint8Array | Tree;
}

/** `name.c` and what it includes, by path: the folder `name` where there is one. */
async function sourcesOf(name: string): Promise<Record<string, Uint8Array>> {
  const folders = await readdir(new URL('.', import.meta.url));
  const parts = folders.includes(name) ? (await readdir(new URL(`./${name}/`, import.meta.url))).sort() : [];
  const paths = [`${name}.c`, ...parts.map((part) => `${name}/${part}`)];
  const read = async (path: string) => [path, new Uint8Array(await readFile(new URL(path, import.meta.url)))] as const;
  return Object.fromEntries(await Promise.all(paths.map(read)));
}

/** What a kernel file must be built from: a digest of its sources and of the compiler's options. */
export async function sourceDigest(name: string): Promise<string> {
  const hash = createHash('sha256').update(flagsOf(name).join(' '));
  for (const source of Object.values(await sourcesOf(name))) hash.update(source);
  return hash.digest('hex');
}

/** The digest that the committed kernel file carries in a custom section. */
export async function builtDigest(name: string): Promise<string> {
  const bytes = await readFile(new URL(`./${name}.wasm`, import.meta.url));
  const at = bytes.lastIndexOf(SECTION);
  return at < 0 ? 'none' : bytes.toString('latin1', at + SECTION.length);
}

/** Compiles a kernel source of this folder with the pinned compiler of package.json: same source, same bytes. */
export async function compileKernels(name: string): Promise<Buffer> {
  const messages: Uint8Array[] = [];
  const stderr = (bytes: Uint8Array | null) => {
    if (bytes !== null) messages.push(bytes);
  };
  const args = [...flagsOf(name), '-o', 'out.wasm', `${name}.c`];
  try {
    const files = await commands.clang(args, tree(await sourcesOf(name)), { stdout: null, stderr });
    return Buffer.concat([files!['out.wasm'] as Uint8Array, customSection(await sourceDigest(name))]);
  } catch (cause) {
    throw new Error(`${name}.c does not compile:\n${Buffer.concat(messages)}`, { cause });
  }
}

/** Files by path as nested folders. */
function tree(files: Readonly<Record<string, Uint8Array>>): Tree {
  const root: Tree = {};
  for (const [path, bytes] of Object.entries(files)) {
    const [folder, file] = path.split('/');
    if (file === undefined) root[path] = bytes;
    else root[folder!] = { ...(root[folder!] as Tree | undefined), [file]: bytes };
  }
  return root;
}

/** A WebAssembly custom section (id 0, size, name, content), short enough for sizes of one byte. */
function customSection(content: string): Buffer {
  const body = Buffer.concat([Buffer.from([SECTION.length]), Buffer.from(SECTION + content)]);
  return Buffer.concat([Buffer.from([0, body.length]), body]);
}

/** `tsx build.ts` rebuilds the kernels; with `--check` it only says whether they are what the compiler makes. */
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const name of ['float', 'fixed']) {
    const target = new URL(`./${name}.wasm`, import.meta.url);
    const built = await compileKernels(name);
    if (process.argv.includes('--check')) {
      const same = built.equals(await readFile(target));
      console.log(same ? `${name}.wasm is what the compiler makes of ${name}.c` : `${name}.wasm differs: rebuild it`);
      if (!same) process.exitCode = 1;
    } else {
      const beside = new URL(`./${name}.wasm.new`, import.meta.url);
      await writeFile(beside, built);
      await rename(beside, target);
    }
  }
}
