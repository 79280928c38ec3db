/** The units in one module, their work streamed through it, and the engines in lock step. */
import { bundle, type Design, type Module, printVerilog } from '../gen/index.ts';
import { flatten } from '../gen/passes/flatten.ts';
import type { UnitParameters } from '../hw/index.ts';
import {
  createCxxrtl,
  createHistory,
  createIcarus,
  createNetlist,
  createRandom,
  createSimulator,
  createVerilator,
  driveStream,
  type Engine,
  exposeRegisters,
  type History,
  lockStep,
  type Mismatch,
  monitorStream,
  pace,
  type Random,
  rateOf,
  reset,
  runUntil,
  SimProblem,
  type Simulator,
  type Unknown,
} from '../sim/index.ts';
import { type Fault, faultyDesign, faultyFiles, faultyNetlist } from './faults.ts';
import { earliest, type Finding, findCauses, type Wrong, wrongInLockStep, wrongResult } from './finding.ts';
import { cyclesAtMost, type Drop, drawPauses, drawPhases, type Phases, pausesOf, streamPauses } from './pauses.ts';
import type { UnitBench, Verdict } from './unit-bench.ts';
import { type Unit, verifiedUnits } from './units.ts';
import { version } from './version.ts';

/** `netlist`: what Yosys made of the printed Verilog, in Verilator. */
export type EngineName = 'sim' | 'verilator' | 'icarus' | 'cxxrtl' | 'netlist';
export type VerilatorChoice = 'auto' | 'native' | 'wasm';

export interface Properties {
  readonly count: number;
  violations(): number;
}

export interface Bench {
  readonly top: Module;
  /** The first drives the test bench, the others follow in lock step. */
  readonly engines: readonly Engine[];
  readonly tools: Readonly<Record<string, { version: string; how: string }>>;
  /** Assertions and assumptions of all instances, which the simulator checks in every cycle, and how often one was violated. */
  readonly properties?: Properties | undefined;
  /** Told of every evaluated cycle of a run, counted from power-up. */
  readonly onCycle?: ((cycle: number) => void) | undefined;
  /** Of the netlist, where it runs. */
  readonly cells?: number | undefined;
  /** Of all runs on these engines. */
  readonly history: History;
  close(): void;
}

/** Looks at a simulator, whose named nets are visible, in every evaluated cycle; the cycles are counted from power-up. */
export type Watch = (simulator: Simulator, design: string) => (cycle: number) => void;

/** With the modules' names, which carry their parameters: what coverage of one elaboration is kept under. */
const nameOf = ({ name, instances }: Module): string => `${name} (${instances.map((i) => i.module.name).join(', ')})`;

/** One module with the chosen units side by side. */
export function unitsTop(units: readonly Unit[], p: UnitParameters): Design {
  return bundle(`popscan_${units.join('_')}`, Object.fromEntries(units.map((u) => [u, verifiedUnits[u].design(p)])));
}

export interface BenchOptions {
  readonly engines: readonly EngineName[];
  readonly how: VerilatorChoice;
  readonly fault: Fault | undefined;
  readonly progress: (line: string) => void;
  /** All named registers become output ports, which are compared like others. */
  readonly registers?: boolean;
  readonly watch?: Watch | undefined;
}

/** Builds the engines; a fault of the printer reaches only those that run the printed Verilog. */
export async function openBench(
  units: readonly Unit[],
  p: UnitParameters,
  { engines: names, how, fault, progress, registers = false, watch }: BenchOptions,
): Promise<Bench> {
  const faulty = faultyDesign(unitsTop(units, p).module, fault);
  const top = registers ? exposeRegisters(faulty) : faulty;
  const engines: Engine[] = [];
  const tools: Record<string, { version: string; how: string }> = {};
  let properties: Properties | undefined;
  let onCycle: Bench['onCycle'];
  if (names.includes('sim')) {
    progress('compiling the simulator');
    const simulator = createSimulator(top, { properties: 'throw', visibility: watch ? 'named' : 'ports' });
    onCycle = watch?.(simulator, nameOf(faulty));
    engines.push(simulator);
    const count = flatten(top).properties.filter((p) => p.kind !== 'cover').length;
    properties = { count, violations: () => simulator.status().violations };
    tools['sim'] = { version, how: 'wasm' };
  }
  const verilog = () => {
    const printed = printVerilog({ module: top });
    const files = Object.fromEntries(faultyFiles(printed.files, fault).map((f) => [f.name, f.text]));
    return { files, top: printed.top, module: top, how };
  };
  if (names.includes('verilator')) {
    const onProgress = (what: string): void => progress(`verilator: ${what}`);
    const engine = await createVerilator({ ...verilog(), onProgress });
    engines.push(engine);
    tools['verilator'] = { version: engine.version, how: engine.how };
  }
  if (names.includes('cxxrtl')) {
    const onProgress = (what: string): void => progress(`cxxrtl: ${what}`);
    const engine = await createCxxrtl({ ...verilog(), onProgress });
    engines.push(engine);
    tools['cxxrtl'] = { version: engine.version, how: engine.how };
  }
  if (names.includes('icarus')) {
    progress('compiling for Icarus');
    const engine = await createIcarus(verilog());
    engines.push(engine);
    tools['icarus'] = { version: engine.version, how: 'native' };
  }
  let cells: number | undefined;
  if (names.includes('netlist')) {
    const onProgress = (what: string): void => progress(`netlist: ${what}`);
    const change = (netlist: string): string => faultyNetlist(netlist, fault);
    const engine = await createNetlist({ ...verilog(), change, onProgress });
    engines.push(engine);
    cells = [...engine.cells.values()].reduce((sum, count) => sum + count, 0);
    tools['yosys'] = { version: engine.yosys, how: 'npm, wasm' };
    tools['verilator'] = { version: engine.version, how: engine.how };
  }
  return {
    top,
    engines,
    tools,
    properties,
    onCycle,
    cells,
    history: createHistory({ module: top }),
    close: () => {
      for (const engine of engines) engine.close();
    },
  };
}

export interface RunOptions {
  /**
   * Probability of a pause of every stream in every cycle; `varied`: drawn for each stream, with pauses of a cycle or long ones; `changing`:
   * drawn so again and again; or the one stream that pauses, long.
   */
  readonly stall: number | 'varied' | 'changing' | { readonly alone: string };
  /** What happens before the run, one after the other; default: nothing. */
  readonly dropped?: readonly Drop[];
  readonly seed: number;
  /** Where a waveform goes when something is wrong; undefined: it is not looked into. */
  readonly wave: string | undefined;
  readonly progress: (line: string) => void;
  /** Whether the run is to end before its work is done. */
  readonly stopped?: (() => boolean) | undefined;
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
  /** The first output without a value after the reset, in an engine that knows X; undefined too where none does. */
  readonly unknown?: Unknown | undefined;
  /** Why the test bench could not finish, if it could not. */
  readonly stuck: string | undefined;
  /** It was stopped: what had not come until then has no verdict. */
  readonly stopped: boolean;
  /** The first thing that went wrong, if anything did. */
  readonly finding: Finding | undefined;
}

/** Streams the benches' jobs through the top module on all engines and compares the results with the expected ones. */
export function run(
  bench: Pick<Bench, 'engines' | 'history' | 'onCycle'>,
  benches: readonly UnitBench[],
  options: RunOptions,
): Run {
  const [leader, ...followers] = bench.engines;
  const { history } = bench;
  const verdicts: Verdict[] = [];
  const units: UnitRun[] = [];
  const wrong: (Wrong | undefined)[] = [];
  let stuck: string | undefined;
  let stopped = false;
  const result = lockStep({ leader: leader!, followers, history }, (engine) => {
    const dropped = options.dropped ?? [];
    const begin = history.cycles + resetCycles + dropped.reduce((sum, { after }) => sum + after + 1, 0);
    const work = benches.map((b, i) => attach(engine, b, begin, { ...options, seed: options.seed + 100 * i }));
    const limit = Math.max(...work.map((w) => w.limit));
    let last = begin;
    const speed = rateOf('cycles');
    const far = pace(
      'results',
      benches.flatMap((b) => Object.values(b.collects)).reduce((sum, n) => sum + n, 0),
    );
    const onCycle = (cycle: number): void => {
      last = begin + cycle + 1;
      if (cycle % 4096 === 4095)
        options.progress(`${engine.name}: ${speed(cycle + 1)}; ${far(work.reduce((n, w) => n + w.moved(), 0))}`);
      for (const w of work) w.onCycle(cycle);
      bench.onCycle?.(begin + cycle);
    };
    const agents = work.flatMap((w) => [...w.drivers, ...w.monitors]);
    let left = settleCycles;
    const until = (): boolean => {
      stopped = options.stopped?.() ?? false;
      return stopped || (agents.every((a) => a.done) && left-- === 0);
    };
    try {
      reset(engine, resetCycles);
      for (const drop of dropped) dropWork(engine, benches, { ...options, ...drop });
      runUntil(engine, agents, { limit: limit + settleCycles, onCycle, until });
    } catch (error) {
      if (!(error instanceof SimProblem)) throw error;
      if (error.violation === undefined) tickPast(engine);
      stuck = `${error.what}: ${error.found}`;
      const port = error.port ?? work.flatMap((w) => w.waiting()).at(0);
      const { violation } = error;
      if (violation !== undefined)
        wrong.push({ cycle: violation.cycle, effect: { property: violation.name }, moves: [], text: stuck });
      else if (port !== undefined) wrong.push({ cycle: last, effect: { port }, moves: [], text: stuck });
    }
    for (const w of work) {
      const all = w.bench.judge(w.taken(), (port) => engine.handle(`${w.bench.unit}_${port}`).get());
      const found = stopped ? all.filter(hasCome) : all;
      verdicts.push(...found);
      wrong.push(wrongResult(w.bench, found, w.cycles, last - 1));
      const { unit, operations, operation } = w.bench;
      units.push({ unit, cycles: w.finished(), operations, operation });
    }
  });
  const widthOf = (port: string): number => leader!.ports.find((p) => p.name === port)!.width;
  const first = wrongInLockStep(result, widthOf) ?? earliest(wrong.filter((w) => w !== undefined));
  const { wave } = options;
  const finding = first === undefined || wave === undefined ? undefined : findCauses(first, history, wave);
  const { cycles, compared, mismatch, unknown } = result;
  return { verdicts, units, stuck, stopped, cycles, compared, mismatch, unknown, finding };
}

/** Whether the words it is about were there to be judged. */
const hasCome = ({ mismatch }: Verdict): boolean =>
  mismatch === undefined || (mismatch.at !== undefined && 'stream' in mismatch.at);

const resetCycles = 2;
/** Status outputs may follow the last result by so much. */
const settleCycles = 4;

/** Begins the work of all units and drops it, in `after` + 1 cycles: nothing of it may be seen afterwards. */
function dropWork(engine: Engine, benches: readonly UnitBench[], { after, by, ...options }: RunOptions & Drop): void {
  const work = benches.map((b) => attach(engine, b, 0, { ...options, seed: options.seed + after }));
  const agents = work.flatMap((w) => [...w.drivers, ...w.monitors]);
  let left = after;
  runUntil(engine, agents, { limit: after + 1, until: () => left-- === 0 });
  if (by === 'reset' || benches.some((b) => b.flush === undefined)) {
    reset(engine, 1);
    return;
  }
  // Beats offered in the cycle of the flush are not taken, and need not stay; one that the unit shows stays until it is taken.
  const inputs = engine.ports.filter((p) => p.direction === 'input');
  for (const { name } of inputs) if (name.endsWith('_ready')) engine.poke(name, 1);
  for (const { unit, flush } of benches) if (flush !== undefined) engine.poke(`${unit}_${flush}`, 1);
  engine.tick();
  for (const { name } of inputs) if (name.endsWith('_valid') || name.endsWith('_ready')) engine.poke(name, 0);
  for (const { unit, flush } of benches) if (flush !== undefined) engine.poke(`${unit}_${flush}`, 0);
}

/** So that the cycle in which something happened can be looked at; a property that fails in it ends the tick once more. */
function tickPast(engine: Engine): void {
  try {
    engine.tick();
  } catch (error) {
    if (!(error instanceof SimProblem)) throw error;
  }
}

/** The first `feeds` of the streams are those that the unit takes. */
function phasesOf(stall: RunOptions['stall'], streams: readonly string[], feeds: number, random: Random): Phases {
  const collects = streams.length - feeds;
  if (stall === 'changing') return drawPhases(random, feeds, collects);
  if (stall === 'varied') return [drawPauses(random, feeds, collects)];
  return [typeof stall === 'number' ? streams.map(() => ({ stall })) : pausesOf(stall.alone, streams)];
}

/** Drivers and monitors for all streams of a unit; `begin` is the number of the first cycle after the reset. */
function attach(engine: Engine, bench: UnitBench, begin: number, options: RunOptions) {
  const { seed, stall } = options;
  const streams = [bench.feeds, bench.collects].flatMap((of) => Object.keys(of));
  const feeds = Object.keys(bench.feeds).length;
  const phases = phasesOf(stall, streams, feeds, createRandom(seed));
  const drivers = Object.entries(bench.feeds).map(([stream, beats], i) =>
    driveStream(engine, `${bench.unit}_${stream}`, beats(), { ...streamPauses(phases, i), seed: seed + i }),
  );
  const collected = Object.entries(bench.collects).map(([stream, count], i) => ({
    stream,
    monitor: monitorStream(engine, `${bench.unit}_${stream}`, {
      ...streamPauses(phases, feeds + i),
      ...{ seed: seed + 50 + i, count },
    }),
    cycles: [] as number[],
  }));
  const monitors = collected.map((c) => c.monitor);
  let finished = 0;
  return {
    bench,
    drivers,
    monitors,
    limit: cyclesAtMost(bench, phases),
    /** Notes when beats are taken, and when the last one was. */
    onCycle: (cycle: number) => {
      for (const { monitor, cycles } of collected) if (monitor.moved > cycles.length) cycles.push(begin + cycle);
      if (finished === 0 && monitors.every((m) => m.done)) finished = cycle + 1;
    },
    finished: () => finished,
    moved: () => monitors.reduce((sum, m) => sum + m.moved, 0),
    taken: () => Object.fromEntries(collected.map(({ stream, monitor }) => [stream, monitor.beats])),
    cycles: Object.fromEntries(collected.map(({ stream, cycles }) => [stream, cycles])),
    /** The valids of streams that have not given all their beats. */
    waiting: () => collected.flatMap((c) => (c.monitor.done ? [] : [`${bench.unit}_${c.stream}_valid`])),
  };
}
