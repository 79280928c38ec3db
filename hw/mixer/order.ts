/**
 * The order in which the mixer takes in_proj's results: B and C, so that the scan can begin; dt; x, head by head; z, head by head.
 * Every group of B and C and every head begins a beat: lanes that are left at the end of a packet are padding.
 */
import type { ScanShape } from '../../golden/fixed/index.ts';

export const segments = ['b', 'c', 'dt', 'x', 'z'] as const;
export type Segment = (typeof segments)[number];

/** Rows of in_proj that begin a beat together. */
export interface Packet {
  readonly segment: Segment;
  /** Row of in_proj, in golden's order: z, x, B, C, dt. */
  readonly from: number;
  readonly length: number;
}

export function packets({ heads, headDim, dState, groups }: ScanShape): readonly Packet[] {
  const inner = heads * headDim;
  const each = (segment: Segment, from: number, count: number, length: number): Packet[] =>
    Array.from({ length: count }, (_, i) => ({ segment, from: from + i * length, length }));
  return [
    ...each('b', 2 * inner, groups, dState),
    ...each('c', 2 * inner + groups * dState, groups, dState),
    ...each('dt', 2 * (inner + groups * dState), 1, heads),
    ...each('x', inner, heads, headDim),
    ...each('z', 0, heads, headDim),
  ];
}

/** One beat: the rows of in_proj in its lanes. */
export interface OrderedBeat {
  readonly segment: Segment;
  readonly from: number;
  readonly count: number;
  /** Of its packet; of the token. */
  readonly end: boolean;
  readonly last: boolean;
}

/** The beats of a token, `lanes` rows each. */
export function beats(shape: ScanShape, lanes: number): readonly OrderedBeat[] {
  const all = packets(shape);
  return all.flatMap(({ segment, from, length }, i) =>
    Array.from({ length: Math.ceil(length / lanes) }, (_, b) => {
      const end = (b + 1) * lanes >= length;
      const count = Math.min(lanes, length - b * lanes);
      return { segment, from: from + b * lanes, count, end, last: end && i === all.length - 1 };
    }),
  );
}

/** For every row that the matmul array computes for a mixer of P lanes the row of in_proj, or -1 for padding. */
export const rowOrder = (shape: ScanShape, lanes: number): Int32Array =>
  Int32Array.from(
    beats(shape, lanes).flatMap(({ from, count }) =>
      Array.from({ length: lanes }, (_, i) => (i < count ? from + i : -1)),
    ),
  );
