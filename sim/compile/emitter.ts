/**
 * Emits straight-line WebAssembly over 64-bit words.
 *
 * A word is a constant or an SSA value. It lives in a local of the function that computes it; when a later function asks
 * for it, the emitter gives it a slot in memory, appends the store to the function it came from, and loads it where it is
 * wanted. So the caller may cut the stream into functions anywhere (`cut`). Constants fold as they are met. A word of which only the
 * lowest bit may be 1 is an i32 (a flag): what it decides on needs no conversion.
 */
import { Bytes } from '../wasm/bytes.ts';
import { type Op, op, type, type ValueType } from '../wasm/op.ts';
import { bitsAfter, folds, maskOf, simplify, u64, withoutEffect } from './fold.ts';

/** A constant (as a signed 64-bit integer) or the number of a computed word. */
export type Word = bigint | number;

/** A function being written: its code without `end`, and its locals in runs of one type. */
export interface Body {
  readonly code: Bytes;
  readonly runs: { count: number; type: ValueType }[];
  locals: number;
  /** Local written by the last instruction, and where that instruction starts and ends: `set x, get x` becomes `tee x`. */
  lastSet: number;
  lastStart: number;
  lastEnd: number;
}

const nowhere = -1;
const flagOps: ReadonlyMap<Op, Op> = new Map<Op, Op>([
  [op.i64And, op.i32And],
  [op.i64Or, op.i32Or],
  [op.i64Xor, op.i32Xor],
]);

export class Emitter {
  readonly bodies: Body[] = [];
  /** First free byte of memory. */
  #memoryEnd: number;
  #current = nowhere;
  #body!: Body;
  /** Inside `when`. */
  #conditional = false;
  /** Of every word: the body that computes it (-1: none, it lives in memory), its local there (or what loads it), its slot (-1: none yet). */
  readonly #owner: number[] = [];
  readonly #local: number[] = [];
  readonly #address: number[] = [];
  /** Of every word: how many bits from the lowest on may be 1; 64 where nothing is known. */
  readonly #bits: number[] = [];
  /** Of words that live at an offset from their address: the word that says it. */
  readonly #offset = new Map<number, Word>();
  /** The words that the present body has loaded, and the locals they were loaded to. */
  readonly #loaded = new Map<number, number>();

  constructor(memoryEnd: number) {
    this.#memoryEnd = memoryEnd;
    this.cut();
  }

  get memoryEnd(): number {
    return this.#memoryEnd;
  }

  /** Bytes of code in the present function: what `cut` is decided on. */
  get size(): number {
    return this.#body.code.length;
  }

  /** Goes on in a new function. */
  cut(): void {
    this.#body = { code: new Bytes(4096), runs: [], locals: 0, lastSet: nowhere, lastStart: 0, lastEnd: nowhere };
    this.#current = this.bodies.length;
    this.bodies.push(this.#body);
    this.#loaded.clear();
  }

  #newWord(owner: number, local: number, address: number, bits: number): number {
    this.#local.push(local);
    this.#address.push(address);
    this.#bits.push(bits);
    return this.#owner.push(owner) - 1;
  }

  /**
   * A word that lives in memory and does not change during evaluation: an input, a register. Of its bits only the low ones may be 1. It is
   * `offset` bytes behind its address.
   */
  resident(address: number, load: Op, bits: number, offset?: Word): number {
    const word = this.#newWord(nowhere, load, address, bits);
    if (offset !== undefined) this.#offset.set(word, offset);
    return word;
  }

  #newLocal(type: ValueType): number {
    const { runs } = this.#body;
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ count: 1, type });
    return this.#body.locals++;
  }

  /** Puts a word on the stack as an i64. */
  get(word: Word): void {
    if (typeof word === 'bigint') {
      this.#body.code.byte(op.i64Const);
      this.#body.code.signed(word);
      return;
    }
    this.#getAsItIs(word);
    if (this.#isFlag(word)) this.op(op.i64ExtendI32Unsigned);
  }

  /** Puts the low 32 bits of a word on the stack. */
  getLow(word: Word): void {
    if (typeof word === 'bigint') {
      this.#body.code.byte(op.i32Const);
      this.#body.code.signed(BigInt.asIntN(32, word));
      return;
    }
    this.#getAsItIs(word);
    if (!this.#isFlag(word)) this.op(op.i32WrapI64);
  }

  #isFlag(word: Word): boolean {
    return this.#bitsOf(word) <= 1;
  }

  #getAsItIs(word: number): void {
    if (this.#owner[word] === this.#current) {
      this.#getLocal(this.#local[word]!);
    } else if (this.#loaded.has(word)) {
      this.#getLocal(this.#loaded.get(word)!);
    } else {
      const flag = this.#isFlag(word);
      const load = this.#owner[word] === nowhere ? (this.#local[word]! as Op) : op.i64Load;
      const offset = this.#offset.get(word);
      if (offset !== undefined) this.getLow(offset);
      this.loadFrom(flag ? op.i32Load8Unsigned : load, this.#homeOf(word), offset !== undefined);
      if (this.#conditional) return; // the local would not be set on the other path
      const local = this.#newLocal(flag ? type.i32 : type.i64);
      this.op(op.localTee);
      this.#body.code.unsigned(local);
      this.#loaded.set(word, local);
    }
  }

  #getLocal(local: number): void {
    const body = this.#body;
    if (body.lastSet === local && body.lastEnd === body.code.length) {
      body.code.truncate(body.lastStart);
      body.lastSet = nowhere;
      body.code.byte(op.localTee);
    } else {
      body.code.byte(op.localGet);
    }
    body.code.unsigned(local);
  }

  /** The slot of a word of another function, which stores it from now on. */
  #homeOf(word: number): number {
    const known = this.#address[word]!;
    if (known !== nowhere) return known;
    const address = this.#memoryEnd;
    this.#memoryEnd += 8;
    this.#address[word] = address;
    const { code } = this.bodies[this.#owner[word]!]!;
    code.append([op.i32Const, 0, op.localGet]);
    code.unsigned(this.#local[word]!);
    code.append([this.#isFlag(word) ? op.i32Store8 : op.i64Store, 0]);
    code.unsigned(address);
    return address;
  }

  /** How many bits from the lowest on may be 1. */
  #bitsOf(word: Word): number {
    if (typeof word === 'number') return this.#bits[word]!;
    return word < 0n ? 64 : word.toString(2).length;
  }

  /** Makes a word of the i64 on the stack, of which only the low `bits` may be 1. */
  set(bits = 64): number {
    if (bits > 1) return this.#setLocal(type.i64, bits);
    this.op(op.i32WrapI64);
    return this.#setLocal(type.i32, bits);
  }

  #setLocal(of: ValueType, bits: number): number {
    const local = this.#newLocal(of);
    const body = this.#body;
    body.lastSet = local;
    body.lastStart = body.code.length;
    body.code.byte(op.localSet);
    body.code.unsigned(local);
    body.lastEnd = body.code.length;
    return this.#newWord(this.#current, local, nowhere, bits);
  }

  op(code: Op): void {
    this.#body.code.byte(code);
  }

  /** A load at a constant address, or (`dynamic`) at the i32 on the stack plus `address`. */
  loadFrom(load: Op, address: number, dynamic: boolean): void {
    const { code } = this.#body;
    if (!dynamic) code.append([op.i32Const, 0]);
    code.append([load, 0]);
    code.unsigned(address);
  }

  /** Stores the word, or its low bytes, at a constant address. */
  store(word: Word, address: number, store: Op = op.i64Store): void {
    this.#body.code.append([op.i32Const, 0]);
    const flag = store === op.i64Store8 && this.#isFlag(word);
    if (flag) this.getLow(word);
    else this.get(word);
    this.#body.code.append([flag ? op.i32Store8 : store, 0]);
    this.#body.code.unsigned(address);
  }

  /** Code that runs only when the 0/1 word is 1. Words made in it are not to be used after it. */
  when(condition: Word, emit: () => void): void {
    if (typeof condition === 'bigint') {
      if (condition === 1n) emit();
      return;
    }
    this.getLow(condition);
    this.#body.code.append([op.if, type.empty]);
    this.#conditional = true;
    emit();
    this.#conditional = false;
    this.op(op.end);
  }

  binary(code: Op, a: Word, b: Word): Word {
    if (typeof a === 'bigint' && typeof b === 'bigint') return BigInt.asIntN(64, folds.get(code)!(a, b));
    const [bitsA, bitsB] = [this.#bitsOf(a), this.#bitsOf(b)];
    const simple = simplify(code, a, b) ?? withoutEffect(code, a, b, bitsA);
    if (simple !== undefined) return simple;
    const bits = Math.min(64, bitsAfter(code, bitsA, bitsB, b));
    const onFlags = bits === 1 ? flagOps.get(code) : undefined;
    if (onFlags !== undefined) {
      this.getLow(a);
      this.getLow(b);
      this.op(onFlags);
      return this.#setLocal(type.i32, 1);
    }
    this.get(a);
    this.get(b);
    this.op(code);
    return code <= op.i64GeUnsigned ? this.#setLocal(type.i32, 1) : this.set(bits);
  }

  add(a: Word, b: Word): Word {
    return this.binary(op.i64Add, a, b);
  }
  and(a: Word, b: Word): Word {
    return this.binary(op.i64And, a, b);
  }
  or(a: Word, b: Word): Word {
    return this.binary(op.i64Or, a, b);
  }
  xor(a: Word, b: Word): Word {
    return this.binary(op.i64Xor, a, b);
  }
  shl(a: Word, bits: number): Word {
    return this.binary(op.i64Shl, a, BigInt(bits));
  }
  shrUnsigned(a: Word, bits: number): Word {
    return this.binary(op.i64ShrUnsigned, a, BigInt(bits));
  }
  shrSigned(a: Word, bits: number): Word {
    return this.binary(op.i64ShrSigned, a, BigInt(bits));
  }

  popcount(a: Word): Word {
    if (typeof a === 'bigint') return BigInt(u64(a).toString(2).replaceAll('0', '').length);
    if (this.#isFlag(a)) return a;
    this.get(a);
    this.op(op.i64Popcnt);
    return this.set(7);
  }

  /** `a` if the 0/1 word `condition` is 1, else `b`. */
  select(condition: Word, a: Word, b: Word): Word {
    if (typeof condition === 'bigint') return condition === 0n ? b : a;
    if (a === b) return a;
    if (a === 1n && b === 0n) return condition;
    if (a === 0n && b === 1n) return this.xor(condition, 1n);
    const bits = Math.max(this.#bitsOf(a), this.#bitsOf(b));
    for (const word of [a, b]) {
      if (bits === 1) this.getLow(word);
      else this.get(word);
    }
    this.getLow(condition);
    this.op(op.select);
    return bits === 1 ? this.#setLocal(type.i32, 1) : this.set(bits);
  }

  /** The low `bits` (1 to 64) of `a`, zero- or sign-extended. */
  extend(a: Word, bits: number, signed: boolean): Word {
    if (bits === 64) return a;
    if (typeof a === 'bigint') return BigInt.asIntN(64, signed ? BigInt.asIntN(bits, a) : BigInt.asUintN(bits, a));
    if (!signed) return this.and(a, maskOf(bits));
    if (this.#bitsOf(a) < bits) return a;
    const direct = { 8: op.i64Extend8Signed, 16: op.i64Extend16Signed, 32: op.i64Extend32Signed }[bits];
    if (direct === undefined) return this.shrSigned(this.shl(a, 64 - bits), 64 - bits);
    this.get(a);
    this.op(direct);
    return this.set();
  }
}
