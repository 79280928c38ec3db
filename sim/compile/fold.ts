/** What operations on 64-bit words come to without an instruction, and what is known of their results. */
import { type Op, op } from '../wasm/op.ts';
import type { Word } from './emitter.ts';

/** The low `bits` set. */
export const maskOf = (bits: number): bigint => BigInt.asIntN(64, (1n << BigInt(bits)) - 1n);

type Fold = (a: bigint, b: bigint) => bigint;
export const u64 = (v: bigint) => BigInt.asUintN(64, v);
/** What operations do to constants, before the result is cut to 64 bits. */
export const folds: ReadonlyMap<Op, Fold> = new Map<Op, Fold>([
  [op.i64Add, (a, b) => a + b],
  [op.i64Sub, (a, b) => a - b],
  [op.i64Mul, (a, b) => a * b],
  [op.i64And, (a, b) => a & b],
  [op.i64Or, (a, b) => a | b],
  [op.i64Xor, (a, b) => a ^ b],
  [op.i64Shl, (a, b) => a << (b & 63n)],
  [op.i64ShrSigned, (a, b) => a >> (b & 63n)],
  [op.i64ShrUnsigned, (a, b) => u64(a) >> (b & 63n)],
  [op.i64Eq, (a, b) => (a === b ? 1n : 0n)],
  [op.i64Ne, (a, b) => (a === b ? 0n : 1n)],
  [op.i64LtSigned, (a, b) => (a < b ? 1n : 0n)],
  [op.i64LtUnsigned, (a, b) => (u64(a) < u64(b) ? 1n : 0n)],
]);

/** What masks and shifts to the right come to where the bits that they look at are 0: `a` has `bits` bits. */
export function withoutEffect(code: Op, a: Word, b: Word, bits: number): Word | undefined {
  if (typeof b !== 'bigint') return undefined;
  if (code === op.i64Ne) return bits <= 1 && b === 0n ? a : undefined;
  if (code === op.i64And) return bits < 64 && (b & maskOf(bits)) === maskOf(bits) ? a : undefined;
  const right = code === op.i64ShrUnsigned || (code === op.i64ShrSigned && bits < 64);
  return right && BigInt(bits) <= (b & 63n) ? 0n : undefined;
}

/** How many bits of a result may be 1; `b` is the second operand. */
export function bitsAfter(code: Op, bitsA: number, bitsB: number, b: Word): number {
  const amount = typeof b === 'bigint' ? Number(b & 63n) : undefined;
  switch (code) {
    case op.i64And:
      return Math.min(bitsA, bitsB);
    case op.i64Or:
    case op.i64Xor:
      return Math.max(bitsA, bitsB);
    case op.i64Add:
      return Math.max(bitsA, bitsB) + 1;
    case op.i64Mul:
      return bitsA + bitsB;
    case op.i64Shl:
      return amount === undefined ? 64 : bitsA + amount;
    case op.i64ShrUnsigned:
      return bitsA - (amount ?? 0);
    case op.i64ShrSigned:
      return bitsA < 64 ? bitsA - (amount ?? 0) : 64;
    default:
      return code <= op.i64GeUnsigned ? 1 : 64;
  }
}

/** What an operation with one constant (or twice the same word) comes to without an instruction. */
export function simplify(code: Op, a: Word, b: Word): Word | undefined {
  switch (code) {
    case op.i64Add:
    case op.i64Or:
    case op.i64Xor:
      if (a === 0n) return b;
      if (b === 0n) return a;
      if (code === op.i64Or && (a === -1n || b === -1n)) return -1n;
      return code === op.i64Xor && a === b ? 0n : undefined;
    case op.i64Sub:
    case op.i64Shl:
    case op.i64ShrSigned:
    case op.i64ShrUnsigned:
      return b === 0n ? a : a === 0n && code !== op.i64Sub ? 0n : undefined;
    case op.i64Mul:
      return a === 0n || b === 0n ? 0n : a === 1n ? b : b === 1n ? a : undefined;
    case op.i64And:
      if (a === 0n || b === 0n) return 0n;
      if (a === -1n || a === b) return b;
      return b === -1n ? a : undefined;
    case op.i64LtUnsigned:
      return a === b || b === 0n ? 0n : undefined;
    case op.i64Eq:
      return a === b ? 1n : undefined;
    default:
      return undefined;
  }
}
