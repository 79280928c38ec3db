/** What runs a design cycle by cycle: our simulator, Verilator, and whatever else can take their place. */
import { Problem, type ProblemFacts, type ProblemStatus } from 'popscan-problem';
import type { BitType, Clock, Module } from '../gen/ir.ts';

export interface EnginePort {
  readonly name: string;
  readonly width: number;
  readonly signed: boolean;
  readonly direction: 'input' | 'output';
  /** A clock's reset. */
  readonly reset?: boolean;
}

/** A port looked up once, for test benches that touch it in every cycle. Values as in `poke` and `peek`. */
export interface PortHandle {
  readonly port: EnginePort;
  get(): bigint;
  set(value: bigint | number): void;
  /** The value as a number: exact for at most 53 bits. */
  getNumber(): number;
}

/** What can be compared with others in lock step: it takes the inputs of cycles and gives their outputs. */
export interface Follower {
  readonly name: string;
  /** Without clocks; resets are inputs. */
  readonly ports: readonly EnginePort[];
  /** Per cycle: takes a row of inputs, evaluates, gives a row of outputs, ticks the clocks of a mask: one for all, or one each. */
  replay(inputs: Uint32Array, cycles: number, clocks?: Clocks): Uint32Array;
  /** Engines that know X: rows of the bits that had no value in the last replay, which gave them as 0. */
  unknown?(): Uint32Array;
  close(): void;
}

/** One mask of rising clocks for every cycle, or one per cycle. */
export type Clocks = number | Uint32Array;

/** The whole state of an engine at one moment. */
export interface Snapshot {
  readonly bytes: Uint8Array;
}

/**
 * One cycle: `poke` inputs, `eval`, `peek` outputs, `tick`. What outputs show between `tick` and the next `eval` is not
 * defined.
 *
 * Rows: one packed record of all inputs (or all outputs) of a cycle. Ports in the module's order, resets first; each takes
 * ceil(width / 64) little-endian 64-bit slots, that is twice as many 32-bit words; unused high bits are zero.
 */
export interface Engine extends Follower {
  /** Sets an input; the low `width` bits of the value count. */
  poke(port: string, value: bigint | number): void;
  /** Value of an output as of the last `eval`, or of an input; negative where a signed port is. */
  peek(port: string): bigint;
  handle(port: string): PortHandle;
  eval(): void;
  /**
   * The rising edge of the clocks in the mask, all at the same time; evaluates first when inputs have changed. Bit i is
   * clock i of `clockNames`; default 1, the first.
   */
  tick(clocks?: number): void;
  /** `cycles` times evaluate and tick with the inputs as they are. */
  step(cycles: number, clocks?: number): void;
  /** Evaluates and writes the rows of the present cycle at row number `row`. */
  sample(inputs: Uint32Array, outputs: Uint32Array, row: number): void;
  /** Inputs, registers and memories, to come back to. Throws `cannot-save` where the engine does not show its state. */
  save(): Snapshot;
  /** Throws `foreign-snapshot` where `save` of another design gave it. */
  restore(snapshot: Snapshot): void;
}

/** A mistake in the use of an engine, or a run that does not come to its end. */
export class SimProblem extends Problem {
  /** The output that shows it, where there is one. */
  readonly port: string | undefined;
  /** The property that did not hold, by its hierarchical name, and when. */
  readonly violation: { readonly name: string; readonly cycle: number } | undefined;

  constructor(
    facts: ProblemFacts & { readonly status?: ProblemStatus } & {
      readonly [F in 'port' | 'violation']?: SimProblem[F];
    },
  ) {
    super(facts);
    this.port = facts.port;
    this.violation = facts.violation;
  }
}

/** The ports of a module as engines see them: its clocks' resets, then its own ports. */
export function enginePorts(module: Module): EnginePort[] {
  const resets = [...new Set(module.clocks.map((c) => c.reset))];
  return [
    ...resets.map((name): EnginePort => ({ name, width: 1, signed: false, direction: 'input', reset: true })),
    ...module.ports.map(({ name, width, signed, direction }) => ({ name, width, signed, direction })),
  ];
}

/** The clocks that bits 0, 1, ... of a mask stand for: those of a module in order of first use, each once. */
export const clockNames = (clocks: readonly Clock[]): string[] => [...new Set(clocks.map((c) => c.clock))];

/** 32-bit words that a value takes in a row. */
export const rowWordsOf = (type: Pick<BitType, 'width'>): number => 2 * Math.ceil(type.width / 64);

/** Where a port is in its row. */
export interface RowField {
  readonly port: EnginePort;
  /** First 32-bit word. */
  readonly at: number;
}

export interface RowLayout {
  readonly fields: readonly RowField[];
  /** 32-bit words of a row. */
  readonly words: number;
}

export function rowLayout(ports: readonly EnginePort[], direction: 'input' | 'output'): RowLayout {
  let words = 0;
  const fields: RowField[] = [];
  for (const port of ports) {
    if (port.direction !== direction) continue;
    fields.push({ port, at: words });
    words += rowWordsOf(port);
  }
  return { fields, words };
}

/** The value of a field in the row that starts at word `start`. */
export function readField(row: Uint32Array, start: number, { port, at }: RowField): bigint {
  let value = 0n;
  for (let i = rowWordsOf(port) - 1; i >= 0; i--) value = (value << 32n) | BigInt(row[start + at + i]!);
  return port.signed ? BigInt.asIntN(port.width, value) : value;
}

/** Writes the low bits of `value` to a field. */
export function writeField(row: Uint32Array, start: number, { port, at }: RowField, value: bigint): void {
  let rest = BigInt.asUintN(port.width, value);
  for (let i = 0; i < rowWordsOf(port); i++) {
    row[start + at + i] = Number(rest & 0xffffffffn);
    rest >>= 32n;
  }
}

/** `value` without excess bits, as its port denotes it. */
export function fit(value: bigint, port: EnginePort): bigint {
  return port.signed ? BigInt.asIntN(port.width, value) : BigInt.asUintN(port.width, value);
}

/** `save` and `restore` of an engine whose state cannot be had. */
export function unsaved(engine: string): Pick<Engine, 'save' | 'restore'> {
  const refuse = (): never => {
    throw new SimProblem({
      id: 'cannot-save',
      what: 'the state of this engine can be neither saved nor restored',
      where: engine,
      expected: 'an engine of createSimulator',
      found: engine,
      remedy: 'save and restore on our simulator; on other engines, start a new one and replay the inputs',
    });
  };
  return { save: refuse, restore: refuse };
}

export function unknownPort(engine: string, name: string, ports: readonly EnginePort[]): SimProblem {
  return new SimProblem({
    id: 'unknown-port',
    what: `there is no port ${name}`,
    where: `the design in ${engine}`,
    expected: `one of ${ports.map((p) => p.name).join(', ')}`,
    found: name,
    remedy: 'correct the name; streams have the ports <stream>_valid, <stream>_ready and <stream>_<field>',
  });
}
