import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERILATOR_WASM_VERSION } from './artifact.ts';
import { type CppDesign, type CppSource, compileCpp } from './compile.ts';
import { runtimeObjects } from './compile-native.ts';
import { verilatorFiles } from './compile-wasm.ts';
import { checkInterface, WRAPPER, WRAPPER_FILE, wrapperPort, wrapperVerilog } from './harness.ts';
import type { BuildRequest, CompiledModel, VerilatedModel } from './model.ts';
import { VerilatorProblem } from './problem.ts';
import {
  isSource,
  parseMessages,
  runVerilator,
  type Toolchain,
  toolchain,
  verilogProblem,
  withFiles,
} from './verilate.ts';

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
  const chain: Toolchain =
    request.tools === undefined ? await toolchain(request.how) : { how: 'native', tools: request.tools };
  const make: CppSource['make'] = (progress) => verilated(request, chain, progress);
  if (chain.how === 'wasm') {
    const { kit } = chain;
    const key = [VERILATOR_FLAGS, kit.root.split(/[\\/]/).at(-1)];
    const target = { how: 'wasm', files: () => verilatorFiles(kit) } as const;
    return compileCpp(request, { version: VERILATOR_WASM_VERSION, key, make, target });
  }
  const { tools } = chain;
  const flags = [`-I${join(tools.root, 'include')}`];
  const target = { how: 'native', compiler: tools, flags, objects: () => runtimeObjects(tools) } as const;
  return compileCpp(request, { version: tools.version, key: [VERILATOR_FLAGS, tools], make, target });
}

/** The C++ that Verilator makes of the design in its wrapper. */
async function verilated(
  request: BuildRequest,
  chain: Toolchain,
  progress: (what: string) => void,
): Promise<CppDesign> {
  const version = chain.how === 'wasm' ? VERILATOR_WASM_VERSION : chain.tools.version;
  return withFiles({ ...request.files, [WRAPPER_FILE]: wrapperVerilog(request) }, async (directory) => {
    progress(`verilator ${version} (${chain.how})`);
    await verilate(request, chain, version, directory);
    const made = join(directory, MADE);
    const names = (await readdir(made)).filter((name) => /\.(cpp|h)$/.test(name)).sort();
    const texts = names.map(async (name) => [name, await readFile(join(made, name), 'utf8')] as const);
    const sources = names.filter((name) => name.endsWith('.cpp'));
    const prelude = sources.map((name) => `#include "${name}"\n`).join('');
    return { files: Object.fromEntries(await Promise.all(texts)), prelude };
  });
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
