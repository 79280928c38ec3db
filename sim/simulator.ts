/** The compiled simulator: a design as WebAssembly, with its state in one flat memory. */
import type { Module, Node } from '../gen/ir.ts';
import { type FlatDesign, flatten } from '../gen/passes/flatten.ts';
import type { Startable } from './batch/replay.mjs';
import { type RowBuffer, replayRows } from './batch/rows.mjs';
import { type Compiled, compile } from './compile/compile.ts';
import { type EntryPoints, type Instance, rowBytes } from './compile/entry.ts';
import { wordsFor } from './compile/wide.ts';
import {
  type Clocks,
  type Engine,
  type EnginePort,
  enginePorts,
  type PortHandle,
  SimProblem,
  type Snapshot,
  unknownPort,
} from './engine.ts';
import { writeInitialState } from './initial.ts';
import { type Coverage, createReports, type Reports, type SimulatorStatus, type Violation } from './reports.ts';
import { Slot } from './slot.ts';
import { compileModule, instantiateModule } from './wasm/instance.mjs';
import type { TraceSignal } from './wave/trace.ts';

export interface SimulatorOptions {
  /** `ports` (default): fastest; `named`: every named net, register and memory can be read. */
  readonly visibility?: 'ports' | 'named';
  /** The engine's name in reports; default `sim`. */
  readonly name?: string;
  /**
   * What happens to assertions, assumptions and covers: `collect` (default) counts and records them at the rising edges of
   * their clock; `throw` ends a tick, step or replay with a `SimProblem` before the edge at which one is violated, the
   * state being that before the edge; `off` leaves them and the logic they alone look at away.
   */
  readonly properties?: 'off' | 'collect' | 'throw';
  /** Bytes of code per WebAssembly function. */
  readonly functionBytes?: number;
}

/** A net that can be read by `peekNamed`. */
export interface NamedSignal extends TraceSignal {
  readonly signed: boolean;
  readonly kind: 'input' | 'register' | 'net';
}

export interface Simulator extends Engine {
  /** Every net that can be read, by visibility. */
  signals(): readonly NamedSignal[];
  /** Value of a named net, as of the last `eval` (registers: at once). */
  peekNamed(path: string): bigint;
  /** A net looked up once. */
  signal(path: string): { get(): bigint };
  /** A net's 64-bit words as they change, in 32-bit halves, sign- or zero-extended; valid as `peekNamed` is. */
  view(path: string): Uint32Array;
  /** A word of a memory, by hierarchical name. */
  peekMemory(path: string, index: number): bigint;
  /** Cycles in which an assert or assume did not hold, in order; the first 1000 since the simulator was made. */
  violations(): readonly Violation[];
  /** How often each cover was met since the simulator was made. */
  covered(): readonly Coverage[];
  /** Counts of what was met since the simulator was made. */
  status(): SimulatorStatus;
  /** What another thread needs to run the design from the present state on. */
  startable(): Startable;
  /** What was built. */
  readonly statistics: {
    readonly nodes: number;
    readonly wasmBytes: number;
    readonly functions: number;
    readonly stateBytes: number;
  };
}

/** Measured: larger functions run no faster, and the first compiler of V8 takes more than linear time for them. */
export const defaultFunctionBytes = 8_192;

/** Compiles `module` to WebAssembly and starts it with registers and memories as they are at power-up, 0 where unknown. */
export function createSimulator(module: Module, options: SimulatorOptions = {}): Simulator {
  const visibility = options.visibility ?? 'ports';
  const { properties = 'collect', functionBytes = defaultFunctionBytes } = options;
  const design = flatten(module, { keep: visibility, properties: properties === 'off' ? 'drop' : 'keep' });
  const compiled = compile(design, { visibility, functionBytes, stopAtViolation: properties === 'throw' });
  const wasm = compileModule(compiled.binary);
  const instance = instantiateModule(wasm) as Instance;
  writeInitialState(instance.memory.buffer, compiled.layout);
  const reports = createReports(instance.memory.buffer, compiled.layout.checks);
  const afterCheck = properties === 'throw' ? reports.throwViolation : () => {};
  const name = options.name ?? 'sim';
  return new WasmSimulator(name, enginePorts(module), compiled, wasm, instance, design, reports, afterCheck, {
    nodes: design.nodes.length,
    wasmBytes: compiled.binary.length,
    functions: compiled.functions,
    stateBytes: compiled.layout.end,
  });
}

class WasmSimulator implements Simulator {
  readonly name: string;
  readonly ports: readonly EnginePort[];
  readonly statistics: Simulator['statistics'];
  readonly #compiled: Compiled;
  readonly #module: object;
  readonly #code: EntryPoints;
  readonly #buffer: ArrayBuffer;
  readonly #rows: Uint32Array;
  readonly #handles = new Map<string, PortHandle>();
  readonly #design: FlatDesign;
  readonly #reports: Reports;
  readonly #afterCheck: (engine: string) => void;
  readonly #inputBytes: number;
  readonly #outputBytes: number;
  /** Inputs or state have changed since the last evaluation. */
  #stale = true;

  constructor(
    name: string,
    ports: readonly EnginePort[],
    compiled: Compiled,
    wasm: object,
    code: Instance,
    design: FlatDesign,
    reports: Reports,
    afterCheck: (engine: string) => void,
    statistics: Simulator['statistics'],
  ) {
    this.name = name;
    this.ports = ports;
    this.statistics = statistics;
    this.#compiled = compiled;
    this.#module = wasm;
    this.#code = code;
    this.#buffer = code.memory.buffer;
    this.#design = design;
    this.#reports = reports;
    this.#afterCheck = afterCheck;
    this.#rows = new Uint32Array(this.#buffer, compiled.rows.address, compiled.rows.bytes / 4);
    const { inputs, outputs } = compiled.layout;
    this.#inputBytes = rowBytes(inputs);
    this.#outputBytes = rowBytes(outputs);
    const types = new Map(ports.map((p) => [p.name, p]));
    for (const { port, address } of [...inputs, ...outputs]) {
      this.#handles.set(port.name, this.#handleAt(types.get(port.name)!, address));
    }
  }

  #handleAt(port: EnginePort, address: number): PortHandle {
    const slot = new Slot(this.#buffer, address, port);
    const writable = port.direction === 'input';
    return {
      port,
      get: () => slot.get(),
      getNumber: () => slot.getNumber(),
      set: (value) => {
        if (!writable) throw this.#notAnInput(port);
        slot.set(value);
        this.#stale = true;
      },
    };
  }

  handle(port: string): PortHandle {
    const handle = this.#handles.get(port);
    if (handle === undefined) throw unknownPort(this.name, port, this.ports);
    return handle;
  }
  poke(port: string, value: bigint | number): void {
    this.handle(port).set(value);
  }
  peek(port: string): bigint {
    return this.handle(port).get();
  }

  eval(): void {
    if (!this.#stale) return;
    this.#code.eval();
    this.#stale = false;
  }
  tick(clocks = 1): void {
    this.eval();
    if (this.#code.check !== undefined) {
      this.#code.check(clocks);
      this.#afterCheck(this.name);
    }
    this.#code.commit(clocks);
    this.#stale = true;
  }
  step(cycles: number, clocks = 1): void {
    this.#code.run(cycles, clocks);
    this.#stale = true;
    this.#afterCheck(this.name);
  }

  sample(inputs: Uint32Array, outputs: Uint32Array, row: number): void {
    this.eval();
    const { address } = this.#compiled.rows;
    const [inputWords, outputWords] = [this.#inputBytes / 4, this.#outputBytes / 4];
    this.#code.rowOfInputs(address);
    this.#code.rowOfOutputs(address + this.#inputBytes);
    inputs.set(this.#rows.subarray(0, inputWords), row * inputWords);
    outputs.set(this.#rows.subarray(inputWords, inputWords + outputWords), row * outputWords);
  }

  replay(inputs: Uint32Array, cycles: number, clocks: Clocks = 1): Uint32Array {
    const buffer = this.#rowBuffer();
    if (inputs.length < cycles * buffer.inputWords) throw this.#shortRows(inputs.length, cycles * buffer.inputWords);
    this.#stale = true;
    return replayRows(this.#code, this.#buffer, buffer, inputs, cycles, clocks, () => this.#afterCheck(this.name));
  }

  startable(): Startable {
    const image = new Uint8Array(this.#buffer, 0, this.#compiled.layout.end).slice();
    return { module: this.#module, image, ...this.#rowBuffer() };
  }

  #rowBuffer(): RowBuffer {
    const { rows } = this.#compiled;
    return { rows, inputWords: this.#inputBytes / 4, outputWords: this.#outputBytes / 4 };
  }

  signals(): readonly NamedSignal[] {
    const { visible, layout } = this.#compiled;
    const registers = new Set(layout.state.map((s) => s.content.node));
    const kindOf = (node: Node): NamedSignal['kind'] =>
      node.tag === 'input' ? 'input' : registers.has(node) ? 'register' : 'net';
    return [...this.#design.names]
      .filter(([, node]) => visible.has(node))
      .map(([path, node]) => {
        const display = this.#design.displays.get(path);
        const named = { path, width: node.width, signed: node.signed, kind: kindOf(node) };
        return display === undefined ? named : { ...named, display };
      });
  }
  signal(path: string): { get(): bigint } {
    const { node, address } = this.#placeOf(path);
    return new Slot(this.#buffer, address, node);
  }
  view(path: string): Uint32Array {
    const { node, address } = this.#placeOf(path);
    return new Uint32Array(this.#buffer, address, 2 * wordsFor(node.width));
  }
  #placeOf(path: string): { readonly node: Node; readonly address: number } {
    const node = this.#design.names.get(path);
    const address = node === undefined ? undefined : this.#compiled.visible.get(node);
    if (node === undefined || address === undefined) throw this.#invisible(path);
    return { node, address };
  }
  peekNamed(path: string): bigint {
    return this.signal(path).get();
  }
  peekMemory(path: string, index: number): bigint {
    const slot = this.#compiled.layout.memories.find((m) => m.memory.name === path);
    if (slot === undefined) throw this.#invisible(path);
    if (index < 0 || index >= slot.memory.depth) return 0n;
    const start = slot.address + index * slot.stride;
    const bytes = new Uint8Array(this.#buffer, start, Math.min(slot.stride, 8 * wordsFor(slot.memory.width)));
    return bytes.reduceRight((value, b) => (value << 8n) | BigInt(b), 0n);
  }

  violations(): readonly Violation[] {
    return this.#reports.violations();
  }
  covered(): readonly Coverage[] {
    return this.#reports.covered();
  }
  status(): SimulatorStatus {
    return this.#reports.status();
  }

  save(): Snapshot {
    return { bytes: new Uint8Array(this.#buffer, 0, this.#compiled.layout.stateEnd).slice() };
  }
  restore(snapshot: Snapshot): void {
    const { stateEnd } = this.#compiled.layout;
    if (snapshot.bytes.length !== stateEnd) {
      throw new SimProblem({
        id: 'foreign-snapshot',
        what: 'the saved state is not of this design',
        where: this.name,
        expected: `${stateEnd} bytes`,
        found: `${snapshot.bytes.length} bytes`,
        remedy: 'restore only what save() of the same simulator returned',
      });
    }
    new Uint8Array(this.#buffer).set(snapshot.bytes);
    this.#stale = true;
  }
  close(): void {}

  #notAnInput(port: EnginePort): SimProblem {
    return new SimProblem({
      id: 'not-an-input',
      what: `${port.name} is an output and cannot be set`,
      where: this.name,
      expected: `one of ${this.ports.flatMap((p) => (p.direction === 'input' ? [p.name] : [])).join(', ')}`,
      found: port.name,
      remedy: 'poke inputs only',
    });
  }
  #invisible(path: string): SimProblem {
    const known = this.signals().map((s) => s.path);
    return new SimProblem({
      id: 'unknown-signal',
      what: `${path} cannot be read`,
      where: this.name,
      expected: known.length === 0 ? 'visibility: named' : `one of ${known.slice(0, 20).join(', ')}`,
      found: path,
      remedy: "create the simulator with { visibility: 'named' } and give the net a name",
    });
  }
  #shortRows(found: number, expected: number): SimProblem {
    return new SimProblem({
      id: 'rows-too-short',
      what: 'replay got fewer rows of inputs than cycles',
      where: this.name,
      expected: `${expected} words`,
      found: `${found} words`,
      remedy: 'pass one packed row of all inputs per cycle',
    });
  }
}
