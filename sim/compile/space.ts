/** Addresses in the simulator's flat memory, how many bytes values take there, and what loads and stores them. */
import type { BitType } from '../../gen/ir.ts';
import { type Op, op } from '../wasm/op.ts';
import { wordsFor } from './wide.ts';

/** Hands out addresses in ascending order. */
export function createSpace() {
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

export const alignTo = (address: number, bytes: number): number => Math.ceil(address / bytes) * bytes;

export type SizeOf = (type: Pick<BitType, 'width'>) => number;
/** As the simulator computes with it, and as it can be read from outside. */
export const wholeWords: SizeOf = ({ width }) => 8 * wordsFor(width);
/** 1, 2, 4 or whole words. */
export const fewestBytes: SizeOf = ({ width }) => [1, 2, 4].find((bytes) => width <= 8 * bytes) ?? 8 * wordsFor(width);

/** The load of a value that takes so many bytes, or of a word of it. */
export function loadOf(bytes: number, signed: boolean): Op {
  const loads: Readonly<Record<number, readonly [Op, Op]>> = {
    1: [op.i64Load8Unsigned, op.i64Load8Signed],
    2: [op.i64Load16Unsigned, op.i64Load16Signed],
    4: [op.i64Load32Unsigned, op.i64Load32Signed],
  };
  return loads[bytes]?.[signed ? 1 : 0] ?? op.i64Load;
}
export const storeOf = (bytes: number): Op =>
  ({ 1: op.i64Store8, 2: op.i64Store16, 4: op.i64Store32 })[bytes] ?? op.i64Store;
