/** The units in one module, their work streamed through it, and the engines in lock step. */
import { bundle, type Design, type Module, printVerilog } from '../gen/index.ts';
import { matmulArray, scanUnit, type UnitParameters } from '../hw/index.ts';
import {
  createSimulator,
  createVerilator,
  driveStream,
  type Engine,
  lockStep,
  type Mismatch,
  monitorStream,
  reset,
  runUntil,
  SimProblem,
} from '../sim/index.ts';
import { type Fault, faultyDesign, faultyFiles } from './faults.ts';
import type { UnitBench, Verdict } from './unit-bench.ts';
import { version } from './version.ts';

export type Unit = 'matmul' | 'scan';
export type EngineName = 'sim' | 'verilator';
export type VerilatorChoice = 'auto' | 'native' | 'wasm';

export interface Bench {
  readonly top: Module;
  /** The first drives the test bench, the others follow in lock step. */
  readonly engines: readonly Engine[];
  readonly tools: Readonly<Record<string, { version: string; how: string }>>;
  close(): void;
}

/** One module with the chosen units side by side. */
export function unitsTop(units: readonly Unit[], p: UnitParameters): Design {
  const make = { matmul: () => matmulArray(p.matmul) as Design, scan: () => scanUnit(p.scan) as Design };
  return bundle(`popscan_${units.join('_')}`, Object.fromEntries(units.map((u) => [u, make[u]()])));
}

/** Builds the engines; a fault of the printer reaches only those that run the printed Verilog. */
export async function openBench(
  units: readonly Unit[],
  p: UnitParameters,
  names: readonly EngineName[],
  how: VerilatorChoice,
  fault: Fault | undefined,
  progress: (line: string) => void,
): Promise<Bench> {
  const top = faultyDesign(unitsTop(units, p).module, fault);
  const engines: Engine[] = [];
  const tools: Record<string, { version: string; how: string }> = {};
  if (names.includes('sim')) {
    progress('compiling the simulator');
    engines.push(createSimulator(top));
    tools['sim'] = { version, how: 'wasm' };
  }
  if (names.includes('verilator')) {
    const printed = printVerilog({ module: top });
    const files = Object.fromEntries(faultyFiles(printed.files, fault).map((f) => [f.name, f.text]));
    const onProgress = (what: string): void => progress(`verilator: ${what}`);
    const engine = await createVerilator({ files, top: printed.top, module: top, how, onProgress });
    engines.push(engine);
    tools['verilator'] = { version: engine.version, how: engine.how };
  }
  return {
    top,
    engines,
    tools,
    close: () => {
      for (const engine of engines) engine.close();
    },
  };
}

export interface RunOptions {
  /** Probability of a pause of every stream in every cycle, on both sides. */
  readonly stall: number;
  readonly seed: number;
  /** Where a waveform goes when engines differ. */
  readonly wave: string;
  readonly progress: (line: string) => void;
}

export interface UnitRun {
  readonly unit: string;
  /** Clock cycles from the end of the reset to the last result. */
  readonly cycles: number;
  readonly operations: number;
  readonly operation: string;
}

export interface Run {
  readonly verdicts: readonly Verdict[];
  readonly units: readonly UnitRun[];
  /** Cycles compared between the engines, ports times cycles, and the first difference. */
  readonly cycles: number;
  readonly compared: number;
  readonly mismatch: Mismatch | undefined;
  /** Why the test bench could not finish, if it could not. */
  readonly stuck: string | undefined;
}

/** Streams the benches' jobs through the top module on all engines and compares the results with the expected ones. */
export function run(bench: Bench, benches: readonly UnitBench[], options: RunOptions): Run {
  const [leader, ...followers] = bench.engines;
  const verdicts: Verdict[] = [];
  const units: UnitRun[] = [];
  let stuck: string | undefined;
  const result = lockStep({ leader: leader!, followers, wave: { path: options.wave, module: bench.top } }, (engine) => {
    reset(engine);
    const work = benches.map((b, i) => attach(engine, b, { ...options, seed: options.seed + 100 * i }));
    const finished = new Map<UnitBench, number>();
    const onCycle = (cycle: number): void => {
      if (cycle % 4096 === 4095) options.progress(`${engine.name}: ${cycle + 1} cycles`);
      for (const w of work)
        if (!finished.has(w.bench) && w.monitors.every((m) => m.done)) finished.set(w.bench, cycle + 1);
    };
    const limit = Math.ceil(Math.max(...benches.map((b) => b.cycleBound)) / (1 - options.stall) ** 3);
    try {
      runUntil(
        engine,
        work.flatMap((w) => [...w.drivers, ...w.monitors]),
        { limit, onCycle },
      );
    } catch (error) {
      if (!(error instanceof SimProblem)) throw error;
      stuck = `${error.what}: ${error.found}`;
    }
    for (const { bench: b, taken } of work) {
      verdicts.push(...b.judge(taken()));
      units.push({ unit: b.unit, cycles: finished.get(b) ?? 0, operations: b.operations, operation: b.operation });
    }
  });
  return { verdicts, units, stuck, cycles: result.cycles, compared: result.compared, mismatch: result.mismatch };
}

/** Drivers and monitors for all streams of a unit. */
function attach(engine: Engine, bench: UnitBench, { stall, seed }: RunOptions) {
  const drivers = Object.entries(bench.feeds).map(([stream, beats], i) =>
    driveStream(engine, `${bench.unit}_${stream}`, beats(), { stall, seed: seed + i }),
  );
  const collected = Object.entries(bench.collects).map(([stream, count], i) => ({
    stream,
    monitor: monitorStream(engine, `${bench.unit}_${stream}`, { stall, seed: seed + 50 + i, count }),
  }));
  const taken = () => Object.fromEntries(collected.map(({ stream, monitor }) => [stream, monitor.beats]));
  return { bench, drivers, monitors: collected.map((c) => c.monitor), taken };
}
