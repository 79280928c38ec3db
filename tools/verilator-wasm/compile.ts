import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tree } from '@yowasp/clang';
import { cacheDirectory, sealedDirectory, sha256 } from './cache.ts';
import { type Clang, startClang } from './clang.ts';
import { compileNative, NATIVE_FLAGS } from './compile-native.ts';
import { WASM_FLAGS } from './compile-wasm.ts';
import { drive } from './drive.ts';
import type { CppCompiler } from './find.ts';
import { checkInterface, HARNESS_VERSION, harnessCpp } from './harness.ts';
import type { BuildRequest, CompiledModel, VerilatedModel } from './model.ts';
import { startNative } from './native-engine.ts';
import { isSource, withFiles, writeFiles } from './verilate.ts';
import { startWasm } from './wasm-engine.ts';
import { wasm } from './webassembly.ts';

/** C++ of a design as some tool makes it. */
export interface CppDesign {
  /** Texts by name. */
  readonly files: Readonly<Record<string, string>>;
  /** What stands before the harness: it declares `VerilatedContext` and `Vmodel` with the ports of the wrapper. */
  readonly prelude: string;
}

/** How the C++ of a design is made and compiled. */
export interface CppSource {
  /** Version of the tool that makes the C++. */
  readonly version: string;
  /** All that the C++ depends on besides the request. */
  readonly key: unknown;
  readonly target: CppTarget;
  readonly make: (progress: (what: string) => void) => Promise<CppDesign>;
}

/** What compiles the C++: a native compiler with further flags and objects, or `@yowasp/clang` with further files (.o: linked). */
export type CppTarget =
  | {
      readonly how: 'native';
      readonly compiler: CppCompiler;
      readonly flags: readonly string[];
      readonly objects: () => Promise<readonly string[]>;
    }
  | { readonly how: 'wasm'; readonly files: () => Promise<Tree> };

const UNITY_FILE = 'popscan_unity.cpp';
/** Measured: compiling Verilator's or CXXRTL's C++ without optimisation takes half the time of -O1. */
const levels = { native: { run: '-O3', build: '-O0' }, wasm: { run: '-O1', build: '-O1' } } as const;

/** Compiles the C++ of a design with the harness; a build like an earlier one comes from the cache. */
export async function compileCpp(request: BuildRequest, source: CppSource): Promise<CompiledModel> {
  checkInterface(request);
  const { version, target } = source;
  const { keep = true } = request;
  const fill = (directory: string) => compile(request, source, directory);
  const path = keep
    ? await sealedDirectory(join(cacheDirectory(), 'models', cacheKey(request, source)), fill)
    : await mkdtemp(join(tmpdir(), 'popscan-model-'));
  const discard = () => rm(path, { recursive: true, force: true });
  if (!keep) await fill(path).catch((error) => discard().then(() => Promise.reject(error)));

  const { how } = target;
  let start = () => startNative(join(path, 'model'), join(path, 'data'), request);
  if (how === 'wasm') {
    const images = Object.fromEntries(Object.entries(request.files).filter(([name]) => !isSource(name)));
    const module = await wasm.compile(await readFile(join(path, 'model.wasm')));
    start = () => startWasm(module, images, request);
  }
  if (keep) return { version, how, instantiate: () => drive(start(), version, how, request) };
  // Nobody can ask for a model twice that is not kept: it is started here, and its files go.
  const model: VerilatedModel = drive(start(), version, how, request);
  await discard();
  return { version, how, instantiate: () => model };
}

function cacheKey(
  { files, top, ports, clocks, defines, effort, compilerFlags }: BuildRequest,
  { key, target }: CppSource,
): string {
  const tools = target.how === 'wasm' ? WASM_FLAGS : [target.compiler, NATIVE_FLAGS, process.platform, process.arch];
  const shape = ports.map(({ name, width, direction }) => [name, width, direction]);
  const inputs = [Object.entries(files), top, shape, clocks, defines ?? [], effort ?? 'run', compilerFlags ?? []];
  return sha256(JSON.stringify([HARNESS_VERSION, key, tools, levels, inputs])).slice(0, 32);
}

async function compile(request: BuildRequest, source: CppSource, output: string): Promise<void> {
  const { onProgress: progress = () => undefined, effort = 'run' } = request;
  const { target } = source;
  const clang = target.how === 'wasm' ? startClang() : undefined; // it loads while the C++ is made
  try {
    const { files, prelude } = await source.make(progress);
    const texts = { ...files, [UNITY_FILE]: `${prelude}${harnessCpp(request)}` };
    progress(`c++ (${target.how})`);
    if (target.how === 'wasm') {
      const tree = { ...(await target.files()), ...nested(texts) };
      await writeFile(join(output, 'model.wasm'), await toWasm(clang!, tree, levels.wasm[effort]));
      return;
    }
    await withFiles(texts, (directory) => {
      const flags = [levels.native[effort], ...(request.compilerFlags ?? []), ...target.flags];
      return compileNative(target.compiler, flags, directory, UNITY_FILE, target.objects(), join(output, 'model'));
    });
    await chmod(join(output, 'model'), 0o755);
    await mkdir(join(output, 'data'));
    await writeFiles(join(output, 'data'), request.files);
  } finally {
    clang?.close();
  }
}

/** Files by path as folders of files. */
function nested(texts: Readonly<Record<string, string>>): Tree {
  const tree: Tree = {};
  for (const [path, text] of Object.entries(texts)) {
    const folders = path.split('/');
    const name = folders.pop()!;
    let at = tree;
    for (const folder of folders) {
      at[folder] ??= {};
      at = at[folder] as Tree;
    }
    at[name] = text;
  }
  return tree;
}

async function toWasm(clang: Clang, tree: Tree, level: string): Promise<Uint8Array> {
  const objects = Object.keys(tree).filter((name) => name.endsWith('.o'));
  return clang.compile([...WASM_FLAGS, level, UNITY_FILE, ...objects, '-o', 'model.wasm'], tree, 'model.wasm');
}
