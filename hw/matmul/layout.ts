/**
 * The weight stream of a matrix, in the order in which the array takes it: a beat is R rows x K columns of one weight plane.
 *
 *     row-major                                  column-major
 *     for each tile of R rows, top to bottom     for each group of K columns, left to right
 *       for each group of K columns                for each tile of R rows
 *         for each plane, highest first: a beat      for each plane, highest first: a beat
 *
 *           bit r K + k of a beat = bit of row (tile R + r), column (group K + k)
 *
 * A single plane holds signs, 1 for +1. Of two's complement planes the highest is inverted: that makes every plane count up, and the
 * array corrects all at once. Beats are padded with zeros to whole bytes, the lowest bits in the first byte; rows and columns beyond
 * the matrix are 0.
 */
import type { PlaneMatrix } from '../../golden/fixed/index.ts';
import type { MatmulParameters } from './parameters.ts';

/** Beats as bytes, the lowest bits in the first; every beat has whole bytes. */
export interface BeatStream {
  readonly beats: number;
  readonly bytesPerBeat: number;
  readonly bytes: Uint8Array;
}

/** What a bit of a plane counts: +1 and -1, or 1 and 0 (the highest plane: -1 and 0). Planes beyond one are two's complement in golden. */
export type PlaneCoding = 'signs' | 'twos';

export const codingOf = (m: PlaneMatrix): PlaneCoding => (m.planes.length === 1 ? 'signs' : 'twos');

/** Which of rows and columns a matrix goes through first. */
export type Order = 'row-major' | 'column-major';

/** In which an array takes its matrices by itself: tables are made once for all rows. */
export const orderOf = (p: Pick<MatmulParameters, 'engine'>): Order =>
  p.engine === 'table' ? 'column-major' : 'row-major';

export interface StreamOptions {
  /** Columns from...to-1 alone. */
  readonly from?: number;
  readonly to?: number;
  readonly coding?: PlaneCoding;
  readonly order?: Order;
  /** A beat fills a multiple of so many bytes: the words of the bus that reads it. Default 1. */
  readonly align?: number;
}

/** Padding and order as above. */
export function weightStream(
  m: PlaneMatrix,
  p: Pick<MatmulParameters, 'lanes' | 'columns'>,
  { from = 0, to = m.cols, coding = codingOf(m), order = 'row-major', align = 1 }: StreamOptions = {},
): BeatStream {
  const tiles = Math.ceil(m.rows / p.lanes);
  const groups = Math.ceil((to - from) / p.columns);
  const planes = m.planes.length;
  const beats = tiles * planes * groups;
  const [perTile, perGroup] = order === 'row-major' ? [groups, 1] : [1, tiles];
  const bytesPerBeat = Math.ceil((p.lanes * p.columns) / 8 / align) * align;
  const bytes = new Uint8Array(beats * bytesPerBeat);
  m.planes.forEach(({ signs, rowWords }, plane) => {
    const inverted = coding === 'twos' && plane === planes - 1 ? 1 : 0;
    for (let row = 0; row < m.rows; row++) {
      const tile = Math.floor(row / p.lanes);
      for (let col = from; col < to; col++) {
        if (((signs[row * rowWords + (col >>> 5)]! >>> (col & 31)) & 1) === inverted) continue;
        const bit = (row % p.lanes) * p.columns + ((col - from) % p.columns);
        const group = Math.floor((col - from) / p.columns);
        const beat = (tile * perTile + group * perGroup) * planes + planes - 1 - plane;
        bytes[beat * bytesPerBeat + (bit >>> 3)]! |= 1 << (bit & 7);
      }
    }
  });
  return { beats, bytesPerBeat, bytes };
}

/** Beat `index` as one number, bit 0 the lowest. */
export function beatValue(s: BeatStream, index: number): bigint {
  const beat = s.bytes.subarray(index * s.bytesPerBeat, (index + 1) * s.bytesPerBeat);
  return BigInt(`0x${Buffer.from(beat).reverse().toString('hex')}`);
}

/**
 * Factors of rows in the order of the results of a vector: D scales, then D factors of the bias, two's complement, the first row in the low bits;
 * 0 beyond a tile's rows.
 */
export function factorStream(
  { scale, offset }: { readonly scale: ArrayLike<number>; readonly offset: ArrayLike<number> },
  { lanes, drain, rowScaleBits: bits = 0 }: Pick<MatmulParameters, 'lanes' | 'drain' | 'rowScaleBits'>,
): BeatStream {
  const words: bigint[] = [];
  for (let tile = 0; tile < scale.length; tile += lanes) {
    const end = Math.min(scale.length, tile + lanes);
    for (let row = tile; row < end; row += drain) {
      let word = 0n;
      for (let d = 0; d < drain && row + d < end; d++) {
        word |= BigInt.asUintN(bits, BigInt(scale[row + d]!)) << BigInt(d * bits);
        word |= BigInt.asUintN(bits, BigInt(offset[row + d]!)) << BigInt((drain + d) * bits);
      }
      words.push(word);
    }
  }
  const bytesPerBeat = Math.ceil((2 * drain * bits) / 8);
  const hex = words.map((w) => w.toString(16).padStart(2 * bytesPerBeat, '0'));
  const bytes = Uint8Array.from(hex.flatMap((h) => [...Buffer.from(h, 'hex').reverse()]));
  return { beats: words.length, bytesPerBeat, bytes };
}
