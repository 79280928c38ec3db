/** What is fixed when a matmul array is elaborated, and the widths that follow from it. */
import { bitsFor } from '../../gen/index.ts';
import { biasBits, type MatmulNumerics, sumBits } from '../../golden/fixed/index.ts';
import { HardwareProblem } from '../problem.ts';

export interface MatmulParameters {
  /** R: rows of the matrix computed at once. */
  readonly lanes: number;
  /** K: columns taken per cycle. */
  readonly columns: number;
  /** Largest number of rows and columns of a matrix; the descriptor gives the actual ones. */
  readonly maxRows: number;
  readonly maxColumns: number;
  readonly numerics: MatmulNumerics;
}

export interface MatmulWidths {
  /** A */
  readonly activation: number;
  /** Beats that the activation buffer holds. */
  readonly depth: number;
  readonly rowCount: number;
  readonly columnCount: number;
  readonly sum: number;
  readonly bias: number;
  readonly result: number;
  /** Number of valid rows in a result beat, 1 to lanes. */
  readonly laneCount: number;
}

/** The widths; throws a `HardwareProblem` for parameters outside their range. */
export function matmulWidths(p: MatmulParameters): MatmulWidths {
  const inRange = (name: keyof MatmulParameters, value: number, low: number, high: number): void => {
    if (Number.isInteger(value) && value >= low && value <= high) return;
    throw new HardwareProblem('matmul', name, `a whole number from ${low} to ${high}`, `${value}`);
  };
  inRange('lanes', p.lanes, 1, 1024);
  inRange('columns', p.columns, 1, 4096);
  inRange('maxRows', p.maxRows, 1, 2 ** 20);
  inRange('maxColumns', p.maxColumns, 1, 2 ** 20);
  const activation = p.numerics.activationBits;
  if (activation < 2 || activation > 16)
    throw new HardwareProblem('matmul', 'activationBits', '2 to 16', `${activation}`);
  const bias = biasBits(p.maxColumns, p.numerics);
  return {
    activation,
    depth: Math.ceil(p.maxColumns / p.columns),
    rowCount: bitsFor(BigInt(p.maxRows)),
    columnCount: bitsFor(BigInt(p.maxColumns)),
    sum: sumBits(p.maxColumns, activation),
    bias,
    result: bias + 1,
    laneCount: bitsFor(BigInt(p.lanes)),
  };
}
