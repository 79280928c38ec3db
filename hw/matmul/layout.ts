/**
 * The weight stream of a matrix, in the order in which the array takes it.
 *
 *     for each tile of R rows, top to bottom
 *       for each group of K columns, left to right:      one beat
 *         bit r K + k of the beat = sign of row (tile R + r), column (group K + k); 1 for +1
 *
 * Beats are padded with zeros to whole bytes, the lowest bits in the first byte; rows and columns beyond the matrix are 0.
 */
import type { SignMatrix } from '../../golden/fixed/index.ts';
import type { MatmulParameters } from './parameters.ts';

export interface WeightStream {
  readonly beats: number;
  readonly bytesPerBeat: number;
  readonly bytes: Uint8Array;
}

export function weightStream(m: SignMatrix, p: Pick<MatmulParameters, 'lanes' | 'columns'>): WeightStream {
  const groups = Math.ceil(m.cols / p.columns);
  const beats = Math.ceil(m.rows / p.lanes) * groups;
  const bytesPerBeat = Math.ceil((p.lanes * p.columns) / 8);
  const bytes = new Uint8Array(beats * bytesPerBeat);
  for (let row = 0; row < m.rows; row++) {
    const lane = row % p.lanes;
    const tileStart = Math.floor(row / p.lanes) * groups;
    for (let col = 0; col < m.cols; col++) {
      if (((m.signs[row * m.rowWords + (col >>> 5)]! >>> (col & 31)) & 1) === 0) continue;
      const bit = lane * p.columns + (col % p.columns);
      const beat = tileStart + Math.floor(col / p.columns);
      bytes[beat * bytesPerBeat + (bit >>> 3)]! |= 1 << (bit & 7);
    }
  }
  return { beats, bytesPerBeat, bytes };
}

/** Beat `index` as one number, bit 0 the lowest. */
export function beatValue(s: WeightStream, index: number): bigint {
  const beat = s.bytes.subarray(index * s.bytesPerBeat, (index + 1) * s.bytesPerBeat);
  return BigInt(`0x${Buffer.from(beat).reverse().toString('hex')}`);
}
