/** Emitted Verilog as the C++ of Yosys' CXXRTL, compiled with the harness of verilator-wasm. */
import {
  type BuildRequest,
  type CppDesign,
  type CppTarget,
  compileCpp,
  findCompiler,
  WRAPPER,
  WRAPPER_FILE,
  wrapperVerilog,
} from 'verilator-wasm';
import type { Module } from '../gen/ir.ts';
import { clockNames, enginePorts } from './engine.ts';
import { noCompile, noCompiler } from './tool-problem.ts';
import { adaptModel, type VerilatorEngine } from './verilator.ts';
import { cxxrtlHeaders, yosys, yosysVersion } from './yosys.ts';

export interface CxxrtlOptions extends Partial<Pick<BuildRequest, 'how' | 'effort' | 'keep' | 'onProgress'>> {
  /** Verilog text by file name, as gen prints it. */
  readonly files: Readonly<Record<string, string>>;
  /** Name of the top module in the text. */
  readonly top: string;
  /** The module printed: its ports and clocks. */
  readonly module: Module;
  /** The engine's name in reports; default `cxxrtl`. */
  readonly name?: string;
}

/** Yosys makes C++ of the files, a compiler a model (cached by content), which starts with all state zero. */
export async function createCxxrtl(options: CxxrtlOptions): Promise<VerilatorEngine> {
  const { files, top, module, how = 'auto', name = 'cxxrtl' } = options;
  const ports = enginePorts(module);
  const shape = ports.map(({ name, width, direction }) => ({ name, width, direction }));
  const request: BuildRequest = { ...options, how, files, top, ports: shape, clocks: clockNames(module.clocks) };
  const version = yosysVersion();
  const model = await compileCpp(request, {
    version,
    key: ['cxxrtl', version, script(Object.keys(files))],
    target: await targetOf(how),
    make: (progress) => {
      progress(`yosys ${version} (wasm)`);
      return cxxrtl(request);
    },
  });
  return adaptModel(name, ports, model.instantiate());
}

async function targetOf(how: BuildRequest['how']): Promise<CppTarget> {
  const compiler = await findCompiler();
  if (how === 'wasm' || (how === 'auto' && typeof compiler === 'string'))
    return { how: 'wasm', files: async () => ({}) };
  if (typeof compiler === 'string') throw noCompiler(compiler);
  return { how: 'native', compiler, flags: ['-Iinclude'], objects: async () => [] };
}

const design = 'design.cc';

/** Not flattened: one evaluation function per module, since C++ compilers take more than linear time in its length. */
const script = (names: readonly string[]): string =>
  `read_verilog ${[WRAPPER_FILE, ...names].join(' ')}; hierarchy -top ${WRAPPER}; write_cxxrtl -noflatten -g0 ${design}`;

async function cxxrtl(request: BuildRequest): Promise<CppDesign> {
  const files = { ...request.files, [WRAPPER_FILE]: wrapperVerilog(request) };
  const made = await yosys(script(Object.keys(request.files)), files, { seconds: 600, wanted: [design] });
  const text = made.files[design];
  if (made.status !== 0 || text === undefined || text === '')
    throw noCompile('Yosys', made.log.split('\n').slice(-20).join('\n'));
  // Inlining by force would take most of the time of a compilation that does not optimise.
  const plain = (header: string) => header.replace(/(#define CXXRTL_ALWAYS_INLINE inline) .*/, '$1');
  const headers = Object.entries(await cxxrtlHeaders()).map(([name, text]) => [`include/${name}`, plain(text)]);
  return { files: { ...Object.fromEntries(headers), [design]: text }, prelude: adapter(request) };
}

/** The model as the harness wants it: ports c0, i0, o0, ... as Verilator types them. */
function adapter({ ports, clocks }: BuildRequest): string {
  const of = (direction: 'input' | 'output') => ports.filter((p) => p.direction === direction);
  const type = (width: number) => (width <= 32 ? 'uint32_t' : 'uint64_t');
  const field = (name: string, width: number) =>
    width <= 64 ? `  ${type(width)} ${name} = 0;` : `  uint32_t ${name}[${Math.ceil(width / 32)}] = {};`;
  const names = (direction: 'input' | 'output') =>
    of(direction).map((port, k) => ({ name: `${direction[0]}${k}`, width: port.width }));
  const inputs = [...clocks.map((_, k) => ({ name: `c${k}`, width: 1 })), ...names('input')];
  const outputs = names('output');
  // Without NDEBUG an address beyond a memory ends the program; with it such a read gives 0, as everywhere else.
  return `#define NDEBUG
#include "${design}"
template<size_t B> static cxxrtl::value<B>& now(cxxrtl::value<B>& v) { return v; }
template<size_t B> static cxxrtl::value<B>& now(cxxrtl::wire<B>& w) { return w.curr; }
template<class V> static void set(V& v, uint64_t x) {
  for (size_t k = 0; k < V::chunks; k++) v.data[k] = static_cast<uint32_t>(x >> 32 * k);
}
template<class V> static void set(V& v, const uint32_t* x) { for (size_t k = 0; k < V::chunks; k++) v.data[k] = x[k]; }
template<class V, class T> static void get(const V& v, T& x) {
  x = 0;
  for (size_t k = 0; k < V::chunks; k++) x |= static_cast<T>(v.data[k]) << 32 * k;
}
template<class V> static void get(const V& v, uint32_t* x) { for (size_t k = 0; k < V::chunks; k++) x[k] = v.data[k]; }
struct VerilatedContext {};
struct Vmodel {
${[...inputs, ...outputs].map(({ name, width }) => field(name, width)).join('\n')}
  cxxrtl_design::p_${WRAPPER.replaceAll('_', '__')} dut;
  explicit Vmodel(VerilatedContext*) {}
  void eval() {
${inputs.map(({ name }) => `    set(now(dut.p_${name}), ${name});`).join('\n')}
    dut.step();
${outputs.map(({ name }) => `    get(now(dut.p_${name}), ${name});`).join('\n')}
  }
  void final() {}
};
`;
}
