/** The code of memories: words that are read, reads and writes of one edge that meet, pending writes. */
import { bitsFor, type Node, type ReadPort, type WritePort } from '../../gen/ir.ts';
import { op } from '../wasm/op.ts';
import type { Emitter, Word } from './emitter.ts';
import type { MemorySlot, ReadSlot, WriteSlot } from './layout.ts';
import { rawWords, resizeWords, type ValueOf } from './lower.ts';
import { loadOf } from './space.ts';
import { equalWords, extendWords, orAll, selectWords, storeWords, topBits, type Words, wordsFor } from './wide.ts';

const wordType = ({ memory }: MemorySlot) => ({ width: memory.width, signed: false });

/** 1 when there is such a word. */
function inRange(e: Emitter, slot: MemorySlot, address: Node, value: ValueOf): Word {
  const { depth } = slot.memory;
  if (!address.signed && BigInt(depth) >= 1n << BigInt(address.width)) return 1n;
  const [low, ...high] = value(address);
  const inLow = e.binary(op.i64LtUnsigned, low!, BigInt(depth));
  return high.length === 0 ? inLow : e.and(inLow, e.binary(op.i64Eq, orAll(e, high), 0n));
}

/** Byte offset of the addressed word, or of word `other` when the address is beyond the depth or `enable` is 0. */
function offsetOf(e: Emitter, slot: MemorySlot, address: Node, value: ValueOf, other: number, enable: Word): Word {
  const valid = e.and(inRange(e, slot, address, value), enable);
  const index = e.select(valid, value(address)[0]!, BigInt(other));
  const log = bitsFor(BigInt(slot.stride)) - 1;
  return slot.stride === 2 ** log ? e.shl(index, log) : e.binary(op.i64Mul, index, BigInt(slot.stride));
}

/** Byte offset of the word at the port's address; beyond the depth, of one that is 0. */
export const pointerOf = (e: Emitter, value: ValueOf, { read, memory }: ReadSlot): Word =>
  offsetOf(e, memory, read.address, value, memory.memory.depth, 1n);

/** The word at the port's address as it is before the edge; 0 beyond the depth. */
function loadWords(e: Emitter, value: ValueOf, slot: ReadSlot): Words {
  const { memory } = slot;
  const offset = pointerOf(e, value, slot);
  const { width } = memory.memory;
  const count = wordsFor(width);
  return Array.from({ length: count }, (_, i) => {
    e.getLow(offset);
    e.loadFrom(loadOf(memory.stride, false), memory.address + 8 * i, true);
    return e.set(i < count - 1 ? 64 : topBits(width));
  });
}

/** The value of a combinational read. */
export function readNow(e: Emitter, value: ValueOf, slot: ReadSlot): Words {
  return resizeWords(e, loadWords(e, value, slot), wordType(slot.memory), slot.read.node);
}

/** 1 when the write changes bits of the word that the read looks at; the read's enable does not count. */
export function collision(e: Emitter, value: ValueOf, memory: MemorySlot, read: ReadPort, write: WritePort): Word {
  const [a, b] = [read.address, write.address];
  const count = wordsFor(Math.max(a.width, b.width));
  const same = equalWords(e, extendWords(e, value(a), a.signed, count), extendWords(e, value(b), b.signed, count));
  const some = write.mask === undefined ? 1n : e.binary(op.i64Ne, orAll(e, value(write.mask)), 0n);
  return e.and(e.and(same, inRange(e, memory, a, value)), e.and(value(write.enable)[0]!, some));
}

/** A mask's bits, each repeated over its group of the word. */
function spreadMask(e: Emitter, mask: Words, maskWidth: number, width: number): Words {
  const words = new Array<Word>(wordsFor(width)).fill(0n);
  const group = width / maskWidth;
  for (let i = 0; i < maskWidth; i++) {
    const bit = e.and(e.shrUnsigned(mask[Math.floor(i / 64)]!, i % 64), 1n);
    const all = e.binary(op.i64Sub, 0n, bit);
    for (let at = i * group; at < (i + 1) * group; ) {
      const low = at % 64;
      const bits = Math.min(64 - low, (i + 1) * group - at);
      const ones = BigInt.asIntN(64, ((1n << BigInt(bits)) - 1n) << BigInt(low));
      const word = (at - low) / 64;
      words[word] = e.or(words[word]!, e.and(all, ones));
      at += bits;
    }
  }
  return words;
}

/** The bits that the port writes (0 where it writes none), and ones where the word keeps its own. */
function written(e: Emitter, value: ValueOf, memory: MemorySlot, { data, mask }: WritePort) {
  const type = wordType(memory);
  const whole = rawWords(e, resizeWords(e, value(data), data, type), type);
  if (mask === undefined) return { bits: whole, keep: undefined };
  const taken = spreadMask(e, rawWords(e, value(mask), mask), mask.width, type.width);
  return { bits: whole.map((w, i) => e.and(w, taken[i]!)), keep: taken.map((w) => e.xor(w, -1n)) };
}

/** What a registered read port takes when it is enabled. */
export function nextRead(e: Emitter, value: ValueOf, slot: ReadSlot): Words {
  const { read, memory } = slot;
  let words = loadWords(e, value, slot);
  for (const write of seenBy(slot)) {
    const { bits, keep } = written(e, value, memory, write);
    const before = words;
    const after = keep === undefined ? bits : bits.map((w, i) => e.or(w, e.and(before[i]!, keep[i]!)));
    words = selectWords(e, collision(e, value, memory, read, write), after, before);
  }
  return resizeWords(e, words, wordType(memory), read.node);
}

/** The writes of the same edge that a read shows. */
function seenBy({ read, memory }: ReadSlot): readonly WritePort[] {
  if (read.underWrite !== 'new') return [];
  return memory.memory.writes.filter((w) => w.clock.clock === read.clock.clock);
}

/** All that the next state of a read port, or the flag of a collision, is computed from. */
export function readOperands(slot: ReadSlot, writes = seenBy(slot)): readonly (Node | undefined)[] {
  const { address, enable } = slot.read;
  return [address, enable, ...writes.flatMap((w) => [w.address, w.data, w.enable, w.mask])];
}

/** Where and what a port will write at the edge. */
export function storeWrite(e: Emitter, value: ValueOf, slot: WriteSlot): void {
  const { write, memory } = slot;
  const enable = slot.gate > 0 ? 1n : value(write.enable)[0]!;
  e.store(offsetOf(e, memory, write.address, value, memory.memory.depth + 1, enable), slot.pointer);
  const { bits, keep } = written(e, value, memory, write);
  storeWords(e, bits, slot.data);
  if (keep !== undefined) storeWords(e, keep, slot.keep!);
}
