/**
 * Where everything is in the simulator's flat memory:
 *
 *     inputs | outputs | per clock: memories, state now, state next, pending writes | visible nets
 *            | values that cross functions | row buffer
 *
 * State is registers and memory read ports, those of one clock side by side, so that a clock edge is one copy. Registers
 * that share an enable form a region of their own, which is copied only when the enable (or the reset) is 1.
 */
import type { BitType, Clock, Memory, Node, ReadPort, WritePort } from '../../gen/ir.ts';
import type { FlatDesign, FlatPort, FlatRegister } from '../../gen/passes/flatten.ts';
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

/** What is in a state region. */
type StateContent =
  | { readonly kind: 'register'; readonly node: Node; readonly register: FlatRegister; readonly gated: boolean }
  | { readonly kind: 'read'; readonly node: Node; readonly read: ReadPort; readonly memory: MemorySlot };
export type StateSlot = StateContent & { readonly address: number; readonly next: number };

export interface WriteSlot {
  readonly write: WritePort;
  readonly memory: MemorySlot;
  /** Of the byte address to write to (relative to the memory), and of the data. */
  readonly pointer: number;
  readonly data: number;
}

/** State that moves together at a clock edge. */
export interface Region {
  readonly address: number;
  readonly next: number;
  /** A multiple of 16. */
  readonly bytes: number;
  /** Where the condition of the move is kept; undefined: always. */
  readonly gate: Gate | undefined;
}

/** Computed each cycle: the enable that the region's registers share, or their clock's reset where they have one. */
export interface Gate {
  readonly address: number;
  readonly enable: Node;
  readonly reset: string | undefined;
}

export interface ClockSlot {
  readonly clock: Clock;
  readonly regions: readonly Region[];
  readonly writes: readonly WriteSlot[];
}

export interface Layout {
  readonly inputs: readonly PortSlot[];
  readonly outputs: readonly PortSlot[];
  readonly state: readonly StateSlot[];
  readonly clocks: readonly ClockSlot[];
  readonly memories: readonly MemorySlot[];
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
  const state: StateSlot[] = [];
  const memories: MemorySlot[] = [];
  const clocks = design.clocks.map((clock): ClockSlot => {
    const ours = <T extends { readonly clock: Clock }>(list: readonly T[]) =>
      list.filter((item) => item.clock.clock === clock.clock);
    const slots = ours(design.memories).map((memory) => placeMemory(space, memory));
    memories.push(...slots);
    const { always, gated } = groupRegisters(ours(design.registers));
    const reads = slots.flatMap((memory) => memory.memory.reads.map((read) => ({ read, memory })));
    const regions = [
      placeRegion(space, undefined, [
        ...always.map((register) => ({ kind: 'register', gated: false, register, node: register.node }) as const),
        ...reads.map((slot) => ({ kind: 'read', node: slot.read.node, ...slot }) as const),
      ]),
      ...gated.map((group) => {
        const { enable, reset, clock } = group[0]!;
        const gate = { address: space.take(8), enable: enable!, reset: reset === undefined ? undefined : clock.reset };
        const contents = group.map(
          (register) => ({ kind: 'register', gated: true, register, node: register.node }) as const,
        );
        return placeRegion(space, gate, contents);
      }),
    ];
    state.push(...regions.flatMap((r) => r.slots));
    return { clock, regions: regions.map((r) => r.region), writes: slots.flatMap((slot) => placeWrites(space, slot)) };
  });
  space.align(16);
  return { inputs, outputs, state, clocks, memories, end: space.take(0) };
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
type Space = ReturnType<typeof createSpace>;

function placeMemory(space: Space, memory: Memory): MemorySlot {
  const stride = strideOf(memory.width);
  space.align(16);
  const address = space.take(stride * (memory.depth + 2));
  space.align(8);
  return { memory, stride, address };
}

function placeWrites(space: Space, memory: MemorySlot): WriteSlot[] {
  const data = 8 * wordsFor(memory.memory.width);
  return memory.memory.writes.map((write) => ({ write, memory, pointer: space.take(8), data: space.take(data) }));
}

/** A region with the given contents side by side, first as they are and then as they will be. */
function placeRegion(space: Space, gate: Gate | undefined, contents: readonly StateContent[]) {
  space.align(16);
  const bytes = alignTo(
    contents.reduce((sum, c) => sum + bytesOf(c.node), 0),
    16,
  );
  const region: Region = { address: space.take(bytes), next: space.take(bytes), bytes, gate };
  let offset = 0;
  const slots = contents.map((content): StateSlot => {
    const here = { ...content, address: region.address + offset, next: region.next + offset };
    offset += bytesOf(content.node);
    return here;
  });
  return { region, slots };
}

/** Registers of one clock: those that move at every edge, and the groups large enough to be gated by their enable. */
function groupRegisters(registers: readonly FlatRegister[]) {
  const groups = new Map<string, FlatRegister[]>();
  for (const register of registers) {
    if (register.enable === undefined) continue;
    const key = `${register.enable.id} ${register.reset !== undefined}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [register]);
    else group.push(register);
  }
  const size = (group: readonly FlatRegister[]) => group.reduce((sum, r) => sum + bytesOf(r.node), 0);
  const gated = [...groups.values()].filter((group) => size(group) >= smallestGatedBytes);
  const inGroup = new Set(gated.flat());
  return { always: registers.filter((r) => !inGroup.has(r)), gated };
}
