/** What happens to computed values: output ports, next state and pending memory writes are stored for the clock edge. */
import { bitsFor, type Node } from '../../gen/ir.ts';
import { op } from '../wasm/op.ts';
import type { Emitter, Word } from './emitter.ts';
import type { Layout, MemorySlot, StateSlot, WriteSlot } from './layout.ts';
import { constantWords, rawWords, resizeWords, type ValueOf } from './lower.ts';
import { orAll, type Words, wordsFor } from './wide.ts';

/** A branch costs more than storing a smaller value that will not be taken over. */
const fewestConditionalWords = 4;

export type Sink = (e: Emitter, value: ValueOf) => void;

/** Of every node, the sinks that have all their operands once it is computed. */
export function sinksOf(layout: Layout): ReadonlyMap<number, readonly Sink[]> {
  const sinks = new Map<number, Sink[]>();
  const attach = (operands: readonly (Node | undefined)[], sink: Sink) => {
    const last = operands.reduce((latest, n) => Math.max(latest, n?.id ?? 0), 0);
    const list = sinks.get(last);
    if (list === undefined) sinks.set(last, [sink]);
    else list.push(sink);
  };
  const resets = new Map(layout.inputs.map((slot) => [slot.port.name, slot.port.node]));
  for (const { port, address } of layout.outputs) {
    attach([port.node], (e, value) => storeWords(e, resizeWords(e, value(port.node), port.node, port), address));
  }
  for (const slot of layout.state) {
    if (slot.kind === 'register') {
      const { next, enable, reset, clock } = slot.register;
      const resetNode = reset === undefined ? undefined : resets.get(clock.reset);
      attach([slot.node, next, enable, resetNode], (e, value) => storeRegister(e, value, slot, resetNode));
    } else {
      attach([slot.node, slot.read.address, slot.read.enable], (e, value) => storeRead(e, value, slot));
    }
  }
  for (const { gate } of layout.clocks.flatMap((c) => c.regions)) {
    if (gate === undefined) continue;
    const resetNode = gate.reset === undefined ? undefined : resets.get(gate.reset);
    attach([gate.enable, resetNode], (e, value) => {
      e.store(e.or(value(gate.enable)[0]!, resetNode === undefined ? 0n : value(resetNode)[0]!), gate.address);
    });
  }
  for (const slot of layout.clocks.flatMap((c) => c.writes)) {
    const { address, data, enable } = slot.write;
    attach([address, data, enable], (e, value) => storeWrite(e, value, slot));
  }
  return sinks;
}

function storeWords(e: Emitter, words: Words, address: number): void {
  for (const [i, w] of words.entries()) e.store(w, address + 8 * i);
}

function selectWords(e: Emitter, condition: Word, a: Words, b: Words): Words {
  return a.map((w, i) => e.select(condition, w, b[i]!));
}

function storeRegister(
  e: Emitter,
  value: ValueOf,
  slot: Extract<StateSlot, { kind: 'register' }>,
  resetNode: Node | undefined,
): void {
  const { next, enable, reset } = slot.register;
  const resetting = reset === undefined || resetNode === undefined ? 0n : value(resetNode)[0]!;
  const enabled = enable === undefined ? 1n : value(enable)[0]!;
  const compute = (): Words => {
    let words = resizeWords(e, value(next), next, slot.node);
    if (!slot.gated) words = selectWords(e, enabled, words, value(slot.node));
    return selectWords(e, resetting, constantWords(reset ?? 0n, slot.node.width), words);
  };
  if (slot.gated && wordsFor(slot.node.width) >= fewestConditionalWords) {
    e.when(e.or(enabled, resetting), () => storeWords(e, compute(), slot.next));
  } else {
    storeWords(e, compute(), slot.next);
  }
}

/** Byte offset of the addressed word, or of word `other` when the address is beyond the depth or `enable` is 0. */
function offsetOf(e: Emitter, slot: MemorySlot, address: Node, value: ValueOf, other: number, enable?: Word): Word {
  const { depth } = slot.memory;
  const [low, ...high] = value(address);
  let valid: Word = 1n;
  if (address.signed || BigInt(depth) < 1n << BigInt(address.width)) {
    const inLow = e.binary(op.i64LtUnsigned, low!, BigInt(depth));
    valid = high.length === 0 ? inLow : e.and(inLow, e.binary(op.i64Eq, orAll(e, high), 0n));
  }
  const index = e.select(e.and(valid, enable ?? 1n), low!, BigInt(other));
  const log = bitsFor(BigInt(slot.stride)) - 1;
  return slot.stride === 2 ** log ? e.shl(index, log) : e.binary(op.i64Mul, index, BigInt(slot.stride));
}

const loadOf = { 1: op.i64Load8Unsigned, 2: op.i64Load16Unsigned, 4: op.i64Load32Unsigned } as const;

function storeRead(e: Emitter, value: ValueOf, slot: Extract<StateSlot, { kind: 'read' }>): void {
  const { read, memory, node } = slot;
  const offset = offsetOf(e, memory, read.address, value, memory.memory.depth);
  const load = loadOf[memory.stride as 1 | 2 | 4] ?? op.i64Load;
  const loaded = Array.from({ length: wordsFor(memory.memory.width) }, (_, i) => {
    e.get(offset);
    e.op(op.i32WrapI64);
    e.loadFrom(load, memory.address + 8 * i, true);
    return e.set();
  });
  let words = resizeWords(e, loaded, { width: memory.memory.width, signed: false }, node);
  if (read.enable !== undefined) words = selectWords(e, value(read.enable)[0]!, words, value(node));
  storeWords(e, words, slot.next);
}

function storeWrite(e: Emitter, value: ValueOf, { write, memory, pointer, data }: WriteSlot): void {
  const enable = value(write.enable)[0]!;
  e.store(offsetOf(e, memory, write.address, value, memory.memory.depth + 1, enable), pointer);
  const word = { width: memory.memory.width, signed: false };
  const resized = resizeWords(e, value(write.data), write.data, word);
  storeWords(e, rawWords(e, resized, word), data);
}
