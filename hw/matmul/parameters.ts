/** What is fixed when a matmul array is elaborated, and the widths that follow from it. */
import { addressWidth, bitsFor } from '../../gen/index.ts';
import { biasBits, type MatmulNumerics, ROW_SHIFT } from '../../golden/fixed/index.ts';
import { checkChoice, HardwareProblem } from '../problem.ts';

export interface MatmulParameters {
  /** R: rows of the matrix computed at once. */
  readonly lanes: number;
  /** K: columns taken per cycle. */
  readonly columns: number;
  /** S: columns that share an exponent, side by side in a beat; divides K. */
  readonly segment: number;
  /** C: activations loaded per cycle; divides K, and divides S or is a multiple of it. Default K. */
  readonly load?: number;
  /** T: vectors that a matrix is multiplied with at once; its weights are read once. */
  readonly tokens: number;
  /** D: results that leave per cycle, at most R. */
  readonly drain: number;
  /** Most weight planes of a matrix, 1 to 8. */
  readonly planes: number;
  /** Largest shift of a segment: the spread of exponents within a vector. 0: one exponent, no shifters. */
  readonly maxShift: number;
  /** Largest number of rows and columns of a matrix; the descriptor gives the actual ones. */
  readonly maxRows: number;
  readonly maxColumns: number;
  /** Most rows of a matrix in column-major order, whose sums wait in a memory. Default 0: row-major order only. */
  readonly storedRows?: number;
  /** A': bit planes of activations at once; divides A. A beat of weights is used for A / A' cycles. Default A. */
  readonly activationPlanes?: number;
  /** How a lane multiplies: it counts ones of bit planes, or looks sums of four activations up. Default popcount. */
  readonly engine?: Engine;
  /**
   * What lanes are made of: equations, `+` and memories that any tool takes (default), or the cells of a family. The look-up engine knows
   * those of UltraScale+ (`xilinx`) alone, with memories cut to RAM32M16; popcount those of 7-series and ECP5 besides.
   */
  readonly cells?: CellFamily;
  /** Bits of a row's scale and of its factor of the bias, for weights with a scale per row. Default: results have no such scale. */
  readonly rowScaleBits?: number;
  /** Bits of sums that saturate. Default: sums grow to hold those of any matrix. */
  readonly saturate?: number;
  readonly numerics: MatmulNumerics;
}

export const cellFamilies = ['portable', 'xilinx', 'xc7', 'ecp5'] as const;
export type CellFamily = (typeof cellFamilies)[number];

/** Cells of popcount lanes by what they are built for. */
export const targetCells = {
  portable: 'portable',
  xcup: 'xilinx',
  xc7: 'xc7',
  ecp5: 'ecp5',
  ice40: 'portable',
} as const satisfies Record<string, CellFamily>;

/** Cells of the lanes of an engine, by what they are built for. */
export const laneCells = (target: keyof typeof targetCells, engine: Engine): CellFamily =>
  engine === 'table' && target !== 'xcup' ? 'portable' : targetCells[target];

/** What sums of three are made of. */
export const ternaryCells = ({ cells }: Pick<MatmulParameters, 'cells'>): 'portable' | 'xilinx' =>
  cells === 'xilinx' ? 'xilinx' : 'portable';

export type Engine = 'popcount' | 'table';

/** Activations of a table: 16 sums of which lie in half a 32-word LUT-RAM. */
export const tableColumns = 4;

export interface MatmulWidths {
  /** A */
  readonly activation: number;
  /** A', and the passes over them that a beat of weights is used for, A / A'. */
  readonly planesAtOnce: number;
  readonly passes: number;
  /** Bits of the number of a pass. */
  readonly pass: number;
  /** C, loads that make a beat, K / C, and bits of their number. */
  readonly load: number;
  readonly chunks: number;
  readonly chunk: number;
  /** Segments of a beat, K / S, and exponents of a load, C / S or 1. */
  readonly segments: number;
  readonly loadSegments: number;
  /** Of a shift amount; 1 where there are no shifters. */
  readonly shift: number;
  /** Beats of the longest vector, and bits of their address in one bank of the activation buffer. */
  readonly depth: number;
  readonly address: number;
  /** Beats of results of a tile and token, ceil(R / D). */
  readonly drains: number;
  /** Of an entry of a table, which is a sum plus 2^(entry - 1). */
  readonly entry: number;
  /** Tiles of the highest matrix in column-major order, 0: none. Bits of the number of a tile. */
  readonly storedTiles: number;
  readonly tile: number;
  readonly rowCount: number;
  readonly columnCount: number;
  /** Of a vector's index, and of the number of vectors. */
  readonly token: number;
  readonly tokenCount: number;
  readonly planeCount: number;
  /** Accumulator: any sum of maxColumns shifted products, or as many as `saturate` says. */
  readonly sum: number;
  readonly bias: number;
  /** Of a result, before and after it is scaled. */
  readonly unscaled: number;
  readonly result: number;
  /** Number of valid rows of a tile, and in a result beat. */
  readonly laneCount: number;
  readonly drainCount: number;
}

/** Two's complement bits of a number of magnitude up to `most`. */
const signedBits = (most: bigint): number => bitsFor(most) + 1;

/** |sum_i w_i q_i| of so many columns and weight planes is at most this. */
const largestSum = ({ numerics }: MatmulParameters, cols: number, planes: number): bigint =>
  BigInt(cols) * (2n ** BigInt(planes) - 1n) * 2n ** BigInt(numerics.activationBits - 1);

/** Bits that hold every sum of a matrix: b q with b in {0, 1}, with the largest shift. */
export const sumBitsOf = (p: MatmulParameters, { cols, planes }: { cols: number; planes: number }): number =>
  signedBits(largestSum(p, cols, planes) << BigInt(p.maxShift));

/**
 * Proves that an array computes a matrix exactly: it has the size and the planes, and its sums cannot overflow. Throws a
 * `HardwareProblem` with the bound otherwise.
 */
export function checkMatrix(p: MatmulParameters, m: { rows: number; cols: number; planes: number }): void {
  const limits = { rows: p.maxRows, cols: p.maxColumns, planes: p.planes };
  for (const [name, most] of Object.entries(limits)) {
    const value = m[name as keyof typeof limits];
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw new HardwareProblem('matmul', name, `a matrix of 1 to ${most} ${name}`, `${value}`, `${most}`);
  }
  const needed = sumBitsOf(p, m);
  const { sum } = matmulWidths(p);
  if (needed <= sum) return;
  const shown = `at least ${needed} bits for sums of ${m.cols} columns and ${m.planes} planes`;
  throw new HardwareProblem('matmul', 'saturate', shown, `${sum}`, `${needed}`);
}

/** The widths; throws a `HardwareProblem` for parameters outside their range. */
export function matmulWidths(p: MatmulParameters): MatmulWidths {
  checkParameters(p);
  const { activationBits: activation, resultFraction } = p.numerics;
  const largest = largestSum(p, p.maxColumns, p.planes);
  const bias = biasBits(p.maxColumns, p.numerics);
  const unscaled = Math.max(bias, signedBits(largest << BigInt(resultFraction))) + 1;
  const depth = Math.ceil(p.maxColumns / p.columns);
  const load = p.load ?? p.columns;
  const storedTiles = Math.ceil((p.storedRows ?? 0) / p.lanes);
  const planesAtOnce = p.activationPlanes ?? activation;
  const passes = activation / planesAtOnce;
  return {
    ...{ activation, planesAtOnce, passes, pass: addressWidth(passes) },
    load,
    chunks: p.columns / load,
    chunk: addressWidth(p.columns / load),
    segments: p.columns / p.segment,
    loadSegments: Math.max(1, load / p.segment),
    shift: bitsFor(BigInt(p.maxShift)),
    depth,
    address: addressWidth(depth),
    drains: Math.ceil(p.lanes / p.drain),
    entry: activation + 2,
    storedTiles,
    tile: addressWidth(Math.max(1, storedTiles)),
    rowCount: bitsFor(BigInt(p.maxRows)),
    columnCount: bitsFor(BigInt(p.maxColumns)),
    token: addressWidth(p.tokens),
    tokenCount: bitsFor(BigInt(p.tokens)),
    planeCount: bitsFor(BigInt(p.planes)),
    sum: p.saturate ?? signedBits(largest << BigInt(p.maxShift)),
    bias,
    unscaled,
    // the sum of two products, rounded
    result: p.rowScaleBits === undefined ? unscaled : unscaled + p.rowScaleBits + 2 - ROW_SHIFT,
    laneCount: bitsFor(BigInt(p.lanes)),
    drainCount: bitsFor(BigInt(p.drain)),
  };
}

const bounds = {
  lanes: [1, 1024],
  columns: [1, 4096],
  tokens: [1, 64],
  planes: [1, 8],
  maxShift: [0, 32],
  maxRows: [1, 2 ** 20],
  maxColumns: [1, 2 ** 20],
} as const;

function checkParameters(p: MatmulParameters): void {
  const refuse = (name: string, expected: string, value: number, nearest: number): never => {
    throw new HardwareProblem('matmul', name, expected, `${value}`, `${nearest}`);
  };
  const inRange = (name: string, value: number, low: number, high: number): void => {
    if (Number.isInteger(value) && value >= low && value <= high) return;
    refuse(
      name,
      `a whole number from ${low} to ${high}`,
      value,
      Math.min(high, Math.max(low, Math.round(value) || low)),
    );
  };
  const among = (name: string, value: number, choices: readonly number[], what: string): void => {
    if (choices.includes(value)) return;
    const nearest = choices.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));
    refuse(name, what, value, nearest);
  };
  for (const [name, [low, high]] of Object.entries(bounds)) inRange(name, p[name as keyof typeof bounds], low, high);
  checkChoice('matmul', 'engine', p.engine ?? 'popcount', ['popcount', 'table']);
  const { activationBits, resultFraction } = p.numerics;
  inRange('numerics.activationBits', activationBits, 2, 16);
  inRange('numerics.resultFraction', resultFraction, 0, 32);
  const { columns, segment, load = columns } = p;
  inRange('segment', segment, 1, columns);
  among('segment', segment, divisors(columns), `a divisor of the ${columns} columns`);
  const loads = divisors(columns).filter((c) => c % segment === 0 || segment % c === 0);
  among(
    'load',
    load,
    loads,
    `a divisor of the ${columns} columns that divides a segment of ${segment} or is a multiple of it`,
  );
  inRange('drain', p.drain, 1, p.lanes);
  const widest = sumBitsOf(p, { cols: p.maxColumns, planes: p.planes });
  if (p.saturate !== undefined) inRange('saturate', p.saturate, p.numerics.activationBits, widest);
  if (p.rowScaleBits !== undefined) inRange('rowScaleBits', p.rowScaleBits, 2, 24);
  inRange('storedRows', p.storedRows ?? 0, 0, p.maxRows);
  const families: readonly string[] = p.engine === 'table' ? cellFamilies.slice(0, 2) : cellFamilies;
  const { cells = 'portable' } = p;
  checkChoice('matmul', 'cells', cells, families);
  const { activationPlanes = activationBits } = p;
  among(
    'activationPlanes',
    activationPlanes,
    divisors(activationBits),
    `a divisor of the ${activationBits} bits of an activation`,
  );
  if (p.engine === 'table') checkTables(p, among, inRange);
}

/** A table lies within a load and a segment, with all bits of activations; it is filled once for all rows and read by one vector. */
function checkTables(
  p: MatmulParameters,
  among: (name: string, value: number, choices: readonly number[], what: string) => void,
  inRange: (name: string, value: number, low: number, high: number) => void,
): void {
  const fours = (most: number): number[] =>
    Array.from({ length: Math.floor(most / tableColumns) }, (_, i) => (i + 1) * tableColumns);
  const whole = `a multiple of ${tableColumns}, the columns of a table`;
  among('columns', p.columns, fours(bounds.columns[1]), whole);
  const loads = fours(p.columns).filter((c) => p.columns % c === 0);
  among('load', p.load ?? p.columns, loads, `${whole} that divides the ${p.columns} columns`);
  if (p.maxShift > 0) among('segment', p.segment, loads, `${whole} that divides the ${p.columns} columns`);
  const { activationPlanes, numerics } = p;
  const bits = numerics.activationBits;
  among(
    'activationPlanes',
    activationPlanes ?? bits,
    [bits],
    `all ${bits} bits of an activation: tables hold whole sums`,
  );
  inRange('tokens', p.tokens, 1, 1);
  inRange('storedRows', p.storedRows ?? 0, 1, p.maxRows);
}

const divisors = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
