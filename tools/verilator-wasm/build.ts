import { chmod, copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERILATOR_WASM_VERSION } from './artifact.ts';
import { cacheDirectory, sealedDirectory, sha256 } from './cache.ts';
import { startClang } from './clang.ts';
import { compileNative, NATIVE_FLAGS } from './compile-native.ts';
import { compileWasm, WASM_FLAGS } from './compile-wasm.ts';
import { drive } from './drive.ts';
import {
  checkInterface,
  HARNESS_VERSION,
  harnessCpp,
  WRAPPER,
  WRAPPER_FILE,
  wrapperPort,
  wrapperVerilog,
} from './harness.ts';
import type { BuildRequest, CompiledModel, VerilatedModel } from './model.ts';
import { startNative } from './native-engine.ts';
import { VerilatorProblem } from './problem.ts';
import {
  isSource,
  parseMessages,
  runVerilator,
  type Toolchain,
  toolchain,
  verilogProblem,
  withFiles,
  writeFiles,
} from './verilate.ts';
import { startWasm } from './wasm-engine.ts';
import { wasm } from './webassembly.ts';

/**
 * Unknown bits and registers without a value are 0, whatever the version: runs repeat and engines agree. Functions of a few
 * hundred statements: C++ compilers take more than linear time in a function's length (measured: 24 s against 7 s).
 */
const VERILATOR_FLAGS = [
  '--cc',
  '-O3',
  '-Wno-fatal',
  '--x-assign',
  '0',
  '--x-initial',
  '0',
  '--prefix',
  'Vmodel',
  '--output-split-cfuncs',
  '200',
];

/** Where Verilator writes; no Verilog file can have a name that starts with a dot. */
const MADE = '.made';

const UNITY_FILE = 'popscan_unity.cpp';

/**
 * Builds a model of a design and starts one instance of it. A build like an earlier one comes from the cache.
 * @throws VerilatorProblem: status 2 for the Verilog or the request, 3 for a missing or failing tool
 */
export async function buildModel(request: BuildRequest): Promise<VerilatedModel> {
  return (await compileModel(request)).instantiate();
}

/** Like `buildModel`, for several instances of one model. */
export async function compileModel(request: BuildRequest): Promise<CompiledModel> {
  checkInterface(request);
  const chain = await toolchain(request.how);
  const version = chain.how === 'wasm' ? VERILATOR_WASM_VERSION : chain.tools.version;
  const path = join(cacheDirectory(), 'models', cacheKey(request, chain));
  await sealedDirectory(path, (directory) => compile(request, chain, version, directory));

  const images = Object.fromEntries(Object.entries(request.files).filter(([name]) => !isSource(name)));
  if (chain.how === 'wasm') {
    const module = await wasm.compile(await readFile(join(path, 'model.wasm')));
    const start = () => startWasm(module, images, request);
    return { version, how: 'wasm', instantiate: () => drive(start(), version, 'wasm', request) };
  }
  const start = () => startNative(join(path, 'model'), join(path, 'data'), request);
  return { version, how: 'native', instantiate: () => drive(start(), version, 'native', request) };
}

function cacheKey({ files, top, ports, clocks, defines }: BuildRequest, chain: Toolchain): string {
  const tools =
    chain.how === 'wasm'
      ? [chain.kit.root.split(/[\\/]/).at(-1), WASM_FLAGS]
      : [chain.tools, NATIVE_FLAGS, process.platform, process.arch];
  const shape = ports.map(({ name, width, direction }) => [name, width, direction]);
  const inputs = [Object.entries(files), top, shape, clocks, defines ?? []];
  return sha256(JSON.stringify([HARNESS_VERSION, VERILATOR_FLAGS, tools, inputs])).slice(0, 32);
}

async function compile(request: BuildRequest, chain: Toolchain, version: string, output: string): Promise<void> {
  const progress = request.onProgress ?? (() => undefined);
  const clang = chain.how === 'wasm' ? startClang() : undefined; // it loads while Verilator runs
  try {
    await withFiles({ ...request.files, [WRAPPER_FILE]: wrapperVerilog(request) }, async (directory) => {
      progress(`verilator ${version} (${chain.how})`);
      await verilate(request, chain, version, directory);
      const made = join(directory, MADE);
      const names = (await readdir(made)).filter((name) => /\.(cpp|h)$/.test(name)).sort();
      const unity = unityCpp(request, names);
      progress(`c++ (${chain.how})`);
      if (chain.how === 'native') {
        await writeFile(join(made, UNITY_FILE), unity);
        await compileNative(chain.tools, made, UNITY_FILE, 'model');
        await copyFile(join(made, 'model'), join(output, 'model'));
        await chmod(join(output, 'model'), 0o755);
        await writeFiles(join(output, 'data'), request.files);
        return;
      }
      const texts = names.map(async (name) => [name, await readFile(join(made, name), 'utf8')] as const);
      const sources = { ...Object.fromEntries(await Promise.all(texts)), [UNITY_FILE]: unity };
      const binary = await compileWasm(clang!, chain.kit, sources, UNITY_FILE);
      await writeFile(join(output, 'model.wasm'), binary);
    });
  } finally {
    clang?.close();
  }
}

function unityCpp(request: BuildRequest, names: readonly string[]): string {
  const sources = names.filter((name) => name.endsWith('.cpp'));
  return `${sources.map((name) => `#include "${name}"\n`).join('')}${harnessCpp(request)}`;
}

async function verilate(request: BuildRequest, chain: Toolchain, version: string, directory: string): Promise<void> {
  const sources = Object.keys(request.files).filter(isSource);
  const defines = (request.defines ?? []).map((define) => `-D${define}`);
  const args = [...VERILATOR_FLAGS, '--Mdir', MADE, '--top-module', WRAPPER, ...defines, WRAPPER_FILE, ...sources];
  const outcome = await runVerilator(chain, args, directory);
  const mismatch = interfaceProblem(request, outcome.stderr);
  if (mismatch !== undefined) throw mismatch;
  if (outcome.status !== 0) throw verilogProblem(outcome, version);
}

/** What Verilator says about the wrapper is about the request: ports it does not name, or with another width. */
function interfaceProblem(request: BuildRequest, log: string): VerilatorProblem | undefined {
  const messages = parseMessages(log).filter((message) => message.where.startsWith(`${WRAPPER_FILE}:`));
  const first = messages.find((message) => message.severity === 'error') ?? messages[0];
  if (first === undefined) return undefined;
  const port = wrapperPort(request, Number(first.where.split(':')[1]));
  return new VerilatorProblem({
    status: 2,
    id: 'model-interface',
    what: 'the request does not describe the ports of the design',
    where: port === undefined ? `module ${request.top}` : `port ${port} of module ${request.top}`,
    expected: 'every port of the top module, with its direction and width, and nothing else',
    found: `${first.code === '' ? '' : `${first.code}: `}${first.text}`,
    remedy: 'correct `top`, `ports` or `clocks` of the request',
  });
}
