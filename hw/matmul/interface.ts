/** The ports of the matmul array. */
import { bit, input, sink, sint, source, uint } from '../../gen/index.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';

/** What a descriptor says of a matrix. */
export const matrixShape = (w: MatmulWidths) => ({
  rows: uint(w.rowCount),
  cols: uint(w.columnCount),
  tokens: uint(w.tokenCount),
  planes: uint(w.planeCount),
  signs: bit,
  order: bit,
});

const factorPort = ({ drain, rowScaleBits: bits = 1 }: MatmulParameters) => ({
  factor: sink(
    { scale: uint(drain * bits), offset: uint(drain * bits) },
    `with every beat of results, ${bits} bits for each of its rows: its scale, and its factor of the vector's bias`,
  ),
});

/** Factors of rows are taken only where results are scaled by them. */
export const matmulInterface = (p: MatmulParameters) => {
  const w = matmulWidths(p);
  return {
    flush: input(bit, 'drops all work; beats offered in this cycle are not taken'),
    desc: sink(
      matrixShape(w),
      `one matrix: rows, columns, vectors (1 to ${p.tokens}), weight planes (1 to ${p.planes}); signs: planes count +1 and -1, else they are two's complement; order: 0 row-major, 1 column-major`,
    ),
    act: sink(
      { q: uint(w.load * w.activation), shift: uint(w.loadSegments * w.shift) },
      `${w.load} activations of ${w.activation} bits, the first in the low bits; shift: of every ${Math.min(p.segment, w.load)} of them, 0 to ${p.maxShift}`,
    ),
    token: sink(
      { round: uint(w.shift), bias: sint(w.bias) },
      `of a vector, with its last activations: results are divided by 2^round, the largest of its shifts, and bias is added, in units of 2^-${p.numerics.resultFraction}`,
    ),
    weight: sink(
      { w: uint(p.lanes * p.columns) },
      `weight bits of ${p.lanes} rows x ${p.columns} columns, the first row in the low bits`,
    ),
    ...(p.rowScaleBits === undefined ? ({} as ReturnType<typeof factorPort>) : factorPort(p)),
    result: source(
      { y: uint(p.drain * w.result), rows: uint(w.drainCount), token: uint(w.token), last: bit },
      `${p.drain} results of ${w.result} bits, two's complement, the first row in the low bits; rows: how many are valid; last: of the matrix`,
    ),
  };
};

export type MatmulInterface = ReturnType<typeof matmulInterface>;
