/**
 * Where everything is in the simulator's flat memory:
 *
 *     inputs | outputs | memories | per clock: state now, state next, reset values | pending writes | cycle
 *            | what checks count and record | visible nets | values that cross functions | row buffer
 *
 * State is registers and registered read ports, those of one clock side by side, so that a clock edge is one copy.
 * Registers that share an enable form a region of their own, which is copied only when the enable (or the reset) is 1.
 * Registers with an asynchronous reset form regions too, each with an image of its reset values.
 */
import type { BitType, Memory, Node, ReadPort, WritePort } from '../../gen/ir.ts';
import type { FlatDesign, FlatPort, FlatRegister } from '../../gen/passes/flatten.ts';
import { clockNames } from '../engine.ts';
import { type CheckLayout, placeChecks } from './checks.ts';
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
  | { readonly kind: 'register'; readonly node: Node; readonly register: FlatRegister; readonly gated: boolean }
  | ({ readonly kind: 'read'; readonly node: Node } & ReadSlot);
export type StateSlot = StateContent & {
  readonly address: number;
  readonly next: number;
  /** Where its asynchronous reset value is. */
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
}

/** State that moves together at a clock edge. */
export interface Region {
  readonly address: number;
  readonly next: number;
  /** A multiple of 16. */
  readonly bytes: number;
  /** Where the condition of the move is kept; undefined: always. */
  readonly gate: Gate | undefined;
  /** Asynchronous reset: the address of what the region is set to while this reset is 1. */
  readonly image: { readonly address: number; readonly reset: string } | undefined;
}

/** Computed each cycle: the enable that the region's registers share, or their clock's reset where they have one. */
export interface Gate {
  readonly address: number;
  readonly enable: Node;
  readonly reset: string | undefined;
}

export interface Layout {
  readonly inputs: readonly PortSlot[];
  readonly outputs: readonly PortSlot[];
  readonly state: readonly StateSlot[];
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

/** Gating smaller groups costs more in branches than it saves in copying. */
const smallestGatedBytes = 64;

export function layOut(design: FlatDesign): Layout {
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
    return [
      placeRegion(
        space,
        registered.map((slot) => ({ kind: 'read', node: slot.read.node, ...slot })),
      ),
      ...groupRegisters(registers).map((group) => placeRegisters(space, group)),
    ];
  });
  const writes = memories.flatMap((memory) => placeWrites(space, memory, clocks));
  const cycle = space.take(8);
  space.align(16);
  const stateEnd = space.take(0);
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

function placeWrites(space: Space, memory: MemorySlot, clocks: readonly string[]): WriteSlot[] {
  const bytes = 8 * wordsFor(memory.memory.width);
  return memory.memory.writes.map((write) => ({
    write,
    memory,
    clock: clocks.indexOf(write.clock.clock),
    pointer: space.take(8),
    data: space.take(bytes),
    keep: write.mask === undefined ? undefined : space.take(bytes),
  }));
}

/** A region with the given contents side by side, first as they are and then as they will be. */
function placeRegion(space: Space, contents: readonly StateContent[], gate?: Gate, asyncReset?: string) {
  space.align(16);
  const bytes = alignTo(
    contents.reduce((sum, c) => sum + bytesOf(c.node), 0),
    16,
  );
  const [address, next] = [space.take(bytes), space.take(bytes)];
  const image = asyncReset === undefined ? undefined : { address: space.take(bytes), reset: asyncReset };
  const region: Region = { address, next, bytes, gate, image };
  let offset = 0;
  const slots = contents.map((content): StateSlot => {
    const place = { address: address + offset, next: next + offset, image: image && image.address + offset };
    offset += bytesOf(content.node);
    return { ...content, ...place };
  });
  return { region, slots };
}

/** Registers that share a region. */
interface RegisterGroup {
  readonly registers: readonly FlatRegister[];
  readonly gated: boolean;
}

function placeRegisters(space: Space, { registers, gated }: RegisterGroup) {
  const { enable, reset, clock } = registers[0]!;
  const resetName = reset === undefined ? undefined : clock.reset;
  const gate = gated ? { address: space.take(8), enable: enable!, reset: resetName } : undefined;
  const contents = registers.map((register) => ({ kind: 'register', gated, register, node: register.node }) as const);
  return placeRegion(space, contents, gate, asyncResetOf(registers[0]!));
}

const asyncResetOf = ({ clock, reset }: FlatRegister): string | undefined =>
  reset !== undefined && clock.resetStyle === 'asynchronous' ? clock.reset : undefined;

/** Registers of one clock: the groups large enough to be gated by their enable, and those that move at every edge. */
function groupRegisters(registers: readonly FlatRegister[]): RegisterGroup[] {
  const groupBy = (list: readonly FlatRegister[], key: (r: FlatRegister) => string) => {
    const groups = new Map<string, FlatRegister[]>();
    for (const register of list) {
      const group = groups.get(key(register));
      if (group === undefined) groups.set(key(register), [register]);
      else group.push(register);
    }
    return [...groups.values()];
  };
  const size = (group: readonly FlatRegister[]) => group.reduce((sum, r) => sum + bytesOf(r.node), 0);
  const resetOf = (r: FlatRegister) => (r.reset === undefined ? '' : `${r.clock.reset} ${r.clock.resetStyle}`);
  const gated = groupBy(
    registers.filter((r) => r.enable !== undefined),
    (r) => `${r.enable?.id} ${resetOf(r)}`,
  ).filter((group) => size(group) >= smallestGatedBytes);
  const inGroup = new Set(gated.flat());
  const always = groupBy(
    registers.filter((r) => !inGroup.has(r)),
    (r) => asyncResetOf(r) ?? '',
  );
  return [
    ...always.map((group) => ({ registers: group, gated: false })),
    ...gated.map((group) => ({ registers: group, gated: true })),
  ];
}
