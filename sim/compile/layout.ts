/**
 * Where everything is in the simulator's flat memory:
 *
 *     inputs | outputs | memories | per clock: regions of state, with images of reset values | pending writes | cycle
 *            | what checks count and record | visible nets | values that cross functions | row buffer
 *
 * State behind a gate (gates.ts) forms regions that move only when it is open. Registers with a reset form regions too, each with an
 * image of its reset values, which is copied over them while the reset is 1.
 */
import type { Memory, Node, ReadPort, WritePort } from '../../gen/ir.ts';
import type { FlatDesign, FlatPort } from '../../gen/passes/flatten.ts';
import { clockNames } from '../engine.ts';
import { type CheckLayout, placeChecks } from './checks.ts';
import type { Gates } from './gates.ts';
import { type Grouping, placeRegions, type Region, type StateContent, type StateSlot } from './regions.ts';
import { createSpace, fewestBytes, type SizeOf, type Space, wholeWords } from './space.ts';

export interface PortSlot {
  readonly port: FlatPort;
  readonly address: number;
}

export interface MemorySlot {
  readonly memory: Memory;
  readonly address: number;
  /** Bytes from word to word: 1, 2, 4 or a multiple of 8. Word `depth` always reads 0, word `depth + 1` takes lost writes. */
  readonly stride: number;
}

export interface ReadSlot {
  readonly read: ReadPort;
  readonly memory: MemorySlot;
}

export interface WriteSlot {
  readonly write: WritePort;
  readonly memory: MemorySlot;
  /** Position of its clock. */
  readonly clock: number;
  /** Of the byte address to write to (relative to the memory), and of the data. */
  readonly pointer: number;
  readonly data: number;
  /** Of the ones where the word keeps its bits (the data is zero there); undefined: the whole word is written. */
  readonly keep: number | undefined;
  /** Number of its gate, from 1; 0: it has none, and what is not written goes to a word behind the memory. */
  readonly gate: number;
}

export interface Layout {
  readonly inputs: readonly PortSlot[];
  readonly outputs: readonly PortSlot[];
  readonly state: readonly StateSlot[];
  /** Of every gate, where its enable is kept. */
  readonly gates: readonly number[];
  /** Regions of every clock, in the order of `clockNames`. */
  readonly regions: readonly (readonly Region[])[];
  readonly memories: readonly MemorySlot[];
  /** Port after port of memory after memory: the order in which writes of simultaneous edges happen. */
  readonly writes: readonly WriteSlot[];
  readonly combinationalReads: ReadonlyMap<Node, ReadSlot>;
  /** Undefined when the design has nothing to check. */
  readonly checks: CheckLayout | undefined;
  /** Everything below is state: what `save` must keep. */
  readonly stateEnd: number;
  readonly end: number;
}

/** `sizeOf`: how many bytes state takes. */
export function layOut(design: FlatDesign, grouping: Grouping, sizeOf: SizeOf): Layout {
  const { gates } = grouping;
  const space = createSpace();
  const place = (port: FlatPort): PortSlot => ({ port, address: space.take(wholeWords(port)) });
  const inputs = design.inputs.map(place);
  const outputs = design.outputs.map(place);
  const memories = design.memories.map((memory) => placeMemory(space, memory));
  const clocks = clockNames(design.clocks);
  const reads = memories.flatMap((memory) => memory.memory.reads.map((read): ReadSlot => ({ read, memory })));
  const readOf = new Map(reads.map((slot) => [slot.read.node, slot]));
  const regions = clocks.map((clock) => {
    const registers = design.registers.filter((r) => r.clock.clock === clock);
    const registered = reads.filter(({ read }) => read.kind === 'registered' && read.clock.clock === clock);
    const contents: StateContent[] = [
      ...registered.map((slot): StateContent => ({ kind: 'read', node: slot.read.node, slot })),
      ...registers.map((register): StateContent => ({ kind: 'register', node: register.node, register })),
    ];
    return placeRegions(space, contents, grouping, (read) => readOf.get(read.node)!, sizeOf);
  });
  const writes = memories.flatMap((memory) => placeWrites(space, memory, clocks, gates));
  const cycle = space.take(8);
  space.align(16);
  const stateEnd = space.take(0);
  const enables = gates.enables.map(() => space.take(8));
  const checks = placeChecks(space, design, clocks, memories, cycle);
  space.align(16);
  return {
    inputs,
    outputs,
    state: regions.flat().flatMap((r) => r.slots),
    regions: regions.map((list) => list.map((r) => r.region)),
    memories,
    writes,
    combinationalReads: new Map(
      reads.flatMap((slot) => (slot.read.kind === 'combinational' ? [[slot.read.node, slot]] : [])),
    ),
    checks,
    gates: enables,
    stateEnd,
    end: space.take(0),
  };
}

function placeMemory(space: Space, memory: Memory): MemorySlot {
  const stride = fewestBytes(memory);
  space.align(16);
  const address = space.take(stride * (memory.depth + 2));
  space.align(8);
  return { memory, stride, address };
}

function placeWrites(space: Space, memory: MemorySlot, clocks: readonly string[], gates: Gates): WriteSlot[] {
  const bytes = wholeWords(memory.memory);
  return memory.memory.writes.map((write) => ({
    write,
    memory,
    clock: clocks.indexOf(write.clock.clock),
    gate: gates.of(write.enable),
    pointer: space.take(8),
    data: space.take(bytes),
    keep: write.mask === undefined ? undefined : space.take(bytes),
  }));
}
