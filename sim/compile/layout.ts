/**
 * Where everything is in the simulator's flat memory:
 *
 *     inputs | outputs | memories | per clock: state now, state next, reset values | pending writes | cycle
 *            | what checks count and record | visible nets | values that cross functions | row buffer
 *
 * State is registers and registered read ports, those of one clock side by side, so that a clock edge is one copy.
 * State behind a gate (gates.ts) forms regions that are copied only when it is open. Registers with a reset form regions too,
 * each with an image of its reset values, which is copied over them while the reset is 1.
 */
import type { BitType, Memory, Node, ReadPort, WritePort } from '../../gen/ir.ts';
import type { FlatDesign, FlatPort, FlatRegister } from '../../gen/passes/flatten.ts';
import { clockNames } from '../engine.ts';
import { type CheckLayout, placeChecks } from './checks.ts';
import type { Gates } from './gates.ts';
import { wordsFor } from './wide.ts';

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

/** What is in a state region. */
type StateContent =
  | { readonly kind: 'register'; readonly node: Node; readonly register: FlatRegister }
  | ({ readonly kind: 'read'; readonly node: Node } & ReadSlot);
export type StateSlot = StateContent & {
  readonly address: number;
  readonly next: number;
  /** Number of its gate, from 1; 0: it has none. */
  readonly gate: number;
  /** Where its reset value is. */
  readonly image: number | undefined;
};

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

/** State that moves together at a clock edge. */
export interface Region {
  readonly address: number;
  readonly next: number;
  /** A multiple of 16. */
  readonly bytes: number;
  /** Number of the gate that must be open for the move, from 1; 0: it always happens. */
  readonly gate: number;
  /** The address of what the region is set to while this reset is 1: at the edge, or at once too. */
  readonly image: { readonly address: number; readonly reset: string; readonly atOnce: boolean } | undefined;
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

const bytesOf = (type: BitType): number => 8 * wordsFor(type.width);
const alignTo = (address: number, bytes: number): number => Math.ceil(address / bytes) * bytes;
const strideOf = (width: number): number => [1, 2, 4].find((bytes) => width <= 8 * bytes) ?? 8 * wordsFor(width);

export function layOut(design: FlatDesign, gates: Gates): Layout {
  const space = createSpace();
  const place = (port: FlatPort): PortSlot => ({ port, address: space.take(bytesOf(port)) });
  const inputs = design.inputs.map(place);
  const outputs = design.outputs.map(place);
  const memories = design.memories.map((memory) => placeMemory(space, memory));
  const clocks = clockNames(design.clocks);
  const reads = memories.flatMap((memory) => memory.memory.reads.map((read): ReadSlot => ({ read, memory })));
  const regions = clocks.map((clock) => {
    const registers = design.registers.filter((r) => r.clock.clock === clock);
    const registered = reads.filter(({ read }) => read.kind === 'registered' && read.clock.clock === clock);
    const contents: StateContent[] = [
      ...registered.map((slot): StateContent => ({ kind: 'read', node: slot.read.node, ...slot })),
      ...registers.map((register): StateContent => ({ kind: 'register', node: register.node, register })),
    ];
    return groupState(contents, gates).map((group) => placeRegion(space, group));
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

/** Hands out addresses in ascending order. */
function createSpace() {
  let end = 16;
  return {
    take: (bytes: number): number => {
      const address = end;
      end += bytes;
      return address;
    },
    align: (bytes: number) => {
      end = alignTo(end, bytes);
    },
  };
}
export type Space = ReturnType<typeof createSpace>;

function placeMemory(space: Space, memory: Memory): MemorySlot {
  const stride = strideOf(memory.width);
  space.align(16);
  const address = space.take(stride * (memory.depth + 2));
  space.align(8);
  return { memory, stride, address };
}

function placeWrites(space: Space, memory: MemorySlot, clocks: readonly string[], gates: Gates): WriteSlot[] {
  const bytes = 8 * wordsFor(memory.memory.width);
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

/** State that moves together: behind one gate, with one reset. */
interface StateGroup {
  readonly contents: readonly StateContent[];
  readonly gate: number;
  readonly reset: Pick<NonNullable<Region['image']>, 'reset' | 'atOnce'> | undefined;
}

/** A region with the group's contents side by side, first as they are and then as they will be. */
function placeRegion(space: Space, { contents, gate, reset }: StateGroup) {
  space.align(16);
  const size = contents.reduce((sum, c) => sum + bytesOf(c.node), 0);
  const bytes = alignTo(size, 16);
  const [address, next] = [space.take(bytes), space.take(bytes)];
  const image = reset === undefined ? undefined : { address: space.take(bytes), ...reset };
  const region: Region = { address, next, bytes, gate, image };
  let offset = 0;
  const slots = contents.map((content): StateSlot => {
    const place = { address: address + offset, next: next + offset, image: image && image.address + offset };
    offset += bytesOf(content.node);
    return { ...content, ...place, gate };
  });
  return { region, slots };
}

/** What moves in every cycle comes first. */
function groupState(contents: readonly StateContent[], gates: Gates): StateGroup[] {
  const groups = new Map<string, StateGroup & { readonly contents: StateContent[] }>();
  for (const content of contents) {
    const gate = gates.of(content.kind === 'register' ? content.register.enable : content.read.enable);
    const reset = content.kind === 'register' ? resetOf(content.register) : undefined;
    const key = `${gate} ${reset?.reset ?? ''} ${reset?.atOnce ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { contents: [content], gate, reset });
    else group.contents.push(content);
  }
  return [...groups.values()].sort((a, b) => a.gate - b.gate);
}

const resetOf = ({ clock, reset }: FlatRegister): StateGroup['reset'] =>
  reset === undefined ? undefined : { reset: clock.reset, atOnce: clock.resetStyle === 'asynchronous' };
