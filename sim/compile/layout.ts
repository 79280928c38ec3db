/**
 * Where everything is in the simulator's flat memory:
 *
 *     inputs | outputs | state now | state next | pending writes | memories | values that cross functions | row buffer
 *
 * State is registers and memory read ports, those of one clock side by side, so that a clock edge is one copy.
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

export type StateSlot = { readonly node: Node; readonly address: number; readonly next: number } & (
  | { readonly kind: 'register'; readonly register: FlatRegister }
  | { readonly kind: 'read'; readonly read: ReadPort; readonly memory: MemorySlot }
);

export interface WriteSlot {
  readonly write: WritePort;
  readonly memory: MemorySlot;
  /** Of the byte address to write to (relative to the memory), and of the data. */
  readonly pointer: number;
  readonly data: number;
}

export interface ClockSlot {
  readonly clock: Clock;
  readonly address: number;
  readonly next: number;
  /** A multiple of 16. */
  readonly bytes: number;
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

export function layOut(design: FlatDesign): Layout {
  let end = 16;
  const take = (bytes: number): number => {
    const address = end;
    end += bytes;
    return address;
  };
  const place = (port: FlatPort): PortSlot => ({ port, address: take(bytesOf(port)) });
  const inputs = design.inputs.map(place);
  const outputs = design.outputs.map(place);

  const registersOf = new Map<string, FlatRegister[]>();
  for (const register of design.registers) push(registersOf, register.clock.clock, register);
  const readsOf = new Map<string, { read: ReadPort; memory: Memory }[]>();
  for (const memory of design.memories) {
    for (const read of memory.reads) push(readsOf, memory.clock.clock, { read, memory });
  }
  const offsets = new Map<Node, number>();
  const regions = design.clocks.map(({ clock }) => {
    let bytes = 0;
    const nodes = [
      ...(registersOf.get(clock) ?? []).map((r) => r.node),
      ...(readsOf.get(clock) ?? []).map((r) => r.read.node),
    ];
    for (const node of nodes) {
      offsets.set(node, bytes);
      bytes += bytesOf(node);
    }
    return alignTo(bytes, 16);
  });
  end = alignTo(end, 16);
  const present = regions.map(take);
  const next = regions.map(take);

  const writesAt = new Map<WritePort, { pointer: number; data: number }>();
  for (const memory of design.memories) {
    for (const write of memory.writes)
      writesAt.set(write, { pointer: take(8), data: take(8 * wordsFor(memory.width)) });
  }
  const memories = design.memories.map((memory): MemorySlot => {
    const stride = strideOf(memory.width);
    end = alignTo(end, 16);
    return { memory, stride, address: take(stride * (memory.depth + 2)) };
  });
  end = alignTo(end, 16);

  const slotOf = new Map(memories.map((m) => [m.memory, m]));
  const clocks = design.clocks.map((clock, i): ClockSlot => {
    const writes = memories
      .filter((m) => m.memory.clock.clock === clock.clock)
      .flatMap((memory) => memory.memory.writes.map((write) => ({ write, memory, ...writesAt.get(write)! })));
    return { clock, address: present[i]!, next: next[i]!, bytes: regions[i]!, writes };
  });
  const state = design.clocks.flatMap(({ clock }, i): StateSlot[] => {
    const at = (node: Node) => {
      const offset = offsets.get(node)!;
      return { node, address: present[i]! + offset, next: next[i]! + offset };
    };
    return [
      ...(registersOf.get(clock) ?? []).map((r): StateSlot => ({ kind: 'register', register: r, ...at(r.node) })),
      ...(readsOf.get(clock) ?? []).map(
        ({ read, memory }): StateSlot => ({ kind: 'read', read, memory: slotOf.get(memory)!, ...at(read.node) }),
      ),
    ];
  });
  return { inputs, outputs, state, clocks, memories, end };
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
