/** What runs a bundle: every engine by name, as far as its tools are there. */
import { findFirtool, runFirtool } from 'firtool';
import { findCompiler, findVerilator } from 'verilator-wasm';
import { firrtlRefusals, printFirrtl } from '../../gen/firrtl/index.ts';
import { printVerilog } from '../../gen/index.ts';
import type { Module } from '../../gen/ir.ts';
import { createCxxrtl } from '../cxxrtl.ts';
import { type Follower, SimProblem } from '../engine.ts';
import { createIcarus, findIcarus } from '../icarus.ts';
import { createSimulator } from '../simulator.ts';
import { noCompile } from '../tool-problem.ts';
import { createVerilator } from '../verilator.ts';
import { yosysVersion } from '../yosys.ts';

export const engineNames = ['sim', 'verilator', 'icarus', 'cxxrtl', 'firtool'] as const;
export type EngineName = (typeof engineNames)[number];

export interface FuzzEngine {
  readonly name: string;
  /** Whether it can be asked about the module at all. */
  readonly takes: (module: Module) => boolean;
  readonly create: (top: Module) => Promise<Follower>;
}

/** Where an engine comes from. */
export interface Tool {
  readonly version: string;
  readonly how: string;
}

interface Kind {
  readonly find: () => Promise<Tool | undefined>;
  readonly get: string;
  readonly takes?: FuzzEngine['takes'];
  readonly create: FuzzEngine['create'];
}

/** The printed Verilog of a module, as engines want it. */
export function verilogOf(module: Module): { files: Record<string, string>; top: string; module: Module } {
  const { files, top } = printVerilog({ module });
  return { files: Object.fromEntries(files.map((f) => [f.name, f.text])), top, module };
}

/** Built once, run for some hundred cycles, never again. */
const once = { effort: 'build', keep: false } as const;

const kinds: Readonly<Record<EngineName, Kind>> = {
  sim: {
    find: async () => ({ version: process.versions.node, how: 'this process' }),
    get: 'it is part of popscan',
    create: async (top) => createSimulator(top),
  },
  verilator: {
    find: () => findVerilator(),
    get: 'it is part of popscan: run `npm ci` again',
    create: (top) => createVerilator({ ...verilogOf(top), ...once }),
  },
  icarus: {
    find: async () => {
      const found = await findIcarus();
      return found === undefined ? undefined : { version: found.version, how: 'PATH' };
    },
    get: 'Debian: apt-get install iverilog',
    create: (top) => createIcarus(verilogOf(top)),
  },
  cxxrtl: {
    find: async () => ({
      version: yosysVersion(),
      how: typeof (await findCompiler()) === 'string' ? 'npm, wasm' : 'npm, native c++',
    }),
    get: 'it is part of popscan: run `npm ci` again',
    create: (top) => createCxxrtl({ ...verilogOf(top), ...once }),
  },
  firtool: {
    find: async () => findFirtool(),
    get: 'npx firtool --popscan-fetch (needs Maven), or set FIRTOOL_PATH',
    takes: (module) => firrtlRefusals(module).length === 0,
    create: throughFirtool,
  },
};

/** FIRRTL, firtool's Verilog of it with all optimisations, Verilator. */
async function throughFirtool(module: Module): Promise<Follower> {
  const { text, top } = printFirrtl({ module });
  const flags = ['--format=fir', '--strip-debug-info', '--disable-all-randomization'];
  const { status, stdout, stderr } = await runFirtool(flags, text);
  if (status !== 0) throw noCompile('firtool', stderr);
  return createVerilator({ files: { [`${top}.sv`]: stdout }, top, module, name: 'firtool', ...once });
}

/** An engine that is there, with its tool; or how to get it. */
export async function findEngine(
  name: EngineName,
): Promise<{ readonly engine: FuzzEngine; readonly tool: Tool } | { readonly get: string }> {
  const { find, get, takes = () => true, create } = kinds[name];
  const tool = await find();
  if (tool === undefined) return { get };
  return { engine: { name, takes, create }, tool: { version: tool.version, how: tool.how } };
}

export const missingEngine = (name: string, get: string): SimProblem =>
  new SimProblem({
    status: 3,
    id: 'engine-missing',
    what: `the engine ${name} was asked for and its tool is not here`,
    where: '--engines',
    expected: `what ${name} runs on`,
    found: 'none',
    remedy: `get it (${get}), or leave ${name} out`,
  });
