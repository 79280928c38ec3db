/** The contract of the binary matrix product: what every engine must deliver, bit for bit. */
import type { MatmulNumerics } from './numerics.ts';

/** Signs of a matrix: row o, column i is +1 where bit i of row o is set, else -1. */
export interface SignMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly rowWords: number;
  readonly signs: Uint32Array;
}

/** Two's complement bits of the accumulator's result sum_i s[i] q[i] over `cols` activations, whatever the signs. */
export const sumBits = (cols: number, activationBits: number): number =>
  Math.ceil(Math.log2(cols * 2 ** (activationBits - 1) + 1)) + 1;

/** Bits of the bias: as wide as the sum in its finer unit. */
export const biasBits = (cols: number, f: MatmulNumerics): number => sumBits(cols, f.activationBits) + f.resultFraction;

/** sum_i s[row,i] q[i] over columns from...to-1, exact. */
export function signSum(m: SignMatrix, row: number, q: ArrayLike<number>, from: number, to: number): number {
  const { signs } = m;
  const first = row * m.rowWords;
  let sum = 0;
  for (let i = from; i < to; i++) {
    const plus = (signs[first + (i >>> 5)]! >>> (i & 31)) & 1;
    sum += (2 * plus - 1) * q[i]!;
  }
  return sum;
}
