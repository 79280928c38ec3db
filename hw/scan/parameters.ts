/** What is fixed when a scan unit is elaborated, and the widths that follow from it. */
import { bitsFor } from '../../gen/index.ts';
import type { RowState, ScanNumerics, StateFormat } from '../../golden/fixed/index.ts';
import { type Bounds, checkBounds, checkChoice, HardwareProblem } from '../problem.ts';
import type { ProductStyle } from './product.ts';

export interface ScanParameters {
  /** L: elements of a row per cycle, a power of two. */
  readonly lanes: number;
  /** Q: rows of a head per cycle. */
  readonly rows: number;
  /** Largest sizes of a layer; the descriptor gives the actual ones. */
  readonly maxHeads: number;
  readonly maxHeadDim: number;
  readonly maxState: number;
  readonly maxGroups: number;
  /** Words of Q x L elements in the state store: `storeSize` of every layer and sequence. */
  readonly stateWords: number;
  /** Words of Q exponents in the store: `storeSize(...).rows` of every layer and sequence. */
  readonly rowWords: number;
  readonly numerics: ScanNumerics;
  readonly state: StateFormat;
  /** t' B, C S', dt x and D x: in DSP blocks (default), or in look-up tables as decay q is. */
  readonly products?: ProductStyle;
  /**
   * Where the state is: on chip (default); on chip with ports that save and restore it; or in a memory outside, from which it is fetched
   * ahead by `ahead` words.
   */
  readonly memory?: 'chip' | 'chip-ports' | { readonly ahead: number };
}

export interface ScanWidths {
  readonly heads: number;
  readonly headDim: number;
  readonly state: number;
  /** Beats of a row, ceil(dState / L). */
  readonly tiles: number;
  readonly maxTiles: number;
  /** Words of B and C of a token. */
  readonly inputWords: number;
  /** Words of state of a token of the largest layer, and of exponents. */
  readonly tokenWords: number;
  readonly tokenRows: number;
  /** One element of the state as it is stored. */
  readonly code: number;
  /** S' before it is rounded to the stored format. */
  readonly work: number;
  /** A row's exponent; 0 bits with one unit per head. */
  readonly exponent: number;
  /** C S' of an element; sum_n C S'; and y before it is saturated. They hold every value exactly. */
  readonly product: number;
  readonly dot: number;
  readonly total: number;
  /** Beats between issue and write-back that the row buffer holds. */
  readonly buffer: number;
}

/** Most lanes in all. */
export const mostLanes = 1024;
/** Beats from issue to the end of a row's exponent at the most: what the row buffer must hold beside the row itself. */
const slack = 24;

export const rowFormat = (p: ScanParameters): RowState | undefined => (p.state.kind === 'row' ? p.state : undefined);

/** Fields that only some formats have. They are typed as if they were there: ask for the format first. */
export const fieldsIf = <T extends object>(there: boolean, fields: () => T): T => (there ? fields() : ({} as T));

export const productStyle = (p: ScanParameters): ProductStyle => p.products ?? 'dsp';

export const isStochastic = (p: ScanParameters): boolean => rowFormat(p)?.rounding === 'stochastic';

const bounds: Bounds = { lanes: [1, 256], maxHeads: [1, 4096], maxHeadDim: [1, 4096], maxState: [1, 4096] };
const storeBounds: Bounds = { stateWords: [1, 2 ** 26], rowWords: [1, 2 ** 26] };
const numericBounds: Bounds = {
  ...{ stateBits: [2, 32], decayFraction: [5, 32], dtBits: [1, 32], dtFraction: [0, 32], inputBits: [2, 32] },
  ...{ stepBits: [2, 32], directBits: [2, 32], outputBits: [2, 40], shiftBits: [2, 8] },
};
/** A row's exponent is at least so large: the decay is shifted by part of it, and its product by the rest. */
const leastExponent = 5;
const mostExponent = 16;

/** Throws a `HardwareProblem` for parameters outside their range. */
function checkScan(p: ScanParameters): void {
  const { numerics, lanes } = p;
  checkBounds('scan', p, bounds);
  if ((lanes & (lanes - 1)) !== 0)
    throw new HardwareProblem('scan', 'lanes', 'a power of two', `${lanes}`, `${2 ** Math.round(Math.log2(lanes))}`);
  checkBounds('scan', p, { rows: [1, mostLanes / lanes], maxGroups: [1, p.maxHeads], ...storeBounds });
  checkBounds('scan', numerics, numericBounds, 'numerics.');
  const directFraction = [0, numerics.directBits + numerics.inputBits - 1] as const;
  checkBounds('scan', numerics, { directFraction }, 'numerics.');
  checkChoice('scan', 'products', productStyle(p), ['dsp', 'logic']);
  if (typeof p.memory !== 'object') checkChoice('scan', 'memory', p.memory ?? 'chip', ['chip', 'chip-ports']);
  checkChoice('scan', 'state.kind', p.state.kind, ['row', 'head']);
  const format = rowFormat(p);
  if (format === undefined) return;
  checkChoice('scan', 'state.rounding', format.rounding, ['stochastic', 'nearest']);
  checkBounds('scan', format, { bits: [3, 16], stepBits: [8, 26], seed: [0, 2 ** 32 - 1] }, 'state.');
  const { bits } = format;
  const most = Math.min(mostExponent, numerics.decayFraction);
  checkBounds('scan', format, { workBits: [bits + leastExponent, bits + most] }, 'state.');
}

/** Bits of round(D x / 2^directFraction). */
export const directBits = ({ numerics: f }: ScanParameters): number =>
  Math.max(2, f.directBits + f.inputBits - f.directFraction);

/** Bits in two's complement of numbers of magnitude up to `most`. */
const signedBits = (most: bigint): number => 1 + bitsFor(most);

/** The widths; throws a `HardwareProblem` for parameters outside their range. */
export function scanWidths(p: ScanParameters): ScanWidths {
  checkScan(p);
  const format = rowFormat(p);
  const { numerics } = p;
  const maxTiles = Math.ceil(p.maxState / p.lanes);
  const rowGroups = Math.ceil(p.maxHeadDim / p.rows);
  const work = format?.workBits ?? numerics.stateBits;
  const power = (bits: number): bigint => 1n << BigInt(bits);
  // With row exponents S' is never the lowest number of its bits.
  const product = power(numerics.inputBits - 1) * (power(work - 1) - (format === undefined ? 0n : 1n));
  const dot = BigInt(p.maxState) * product;
  return {
    heads: bitsFor(BigInt(p.maxHeads)),
    headDim: bitsFor(BigInt(p.maxHeadDim)),
    state: bitsFor(BigInt(p.maxState)),
    tiles: bitsFor(BigInt(maxTiles)),
    maxTiles,
    inputWords: p.maxGroups * maxTiles,
    tokenWords: p.maxHeads * rowGroups * maxTiles,
    tokenRows: p.maxHeads * rowGroups,
    code: format?.bits ?? numerics.stateBits,
    work,
    exponent: format === undefined ? 0 : bitsFor(BigInt(format.workBits - format.bits)),
    product: signedBits(product),
    dot: signedBits(dot),
    total: Math.max(numerics.outputBits, signedBits(dot + power(directBits(p) - 2))),
    buffer: 2 ** Math.ceil(Math.log2(maxTiles + slack)),
  };
}

/** Words that one layer of one sequence takes in the store. */
export function storeSize(
  shape: { readonly heads: number; readonly headDim: number; readonly dState: number },
  p: Pick<ScanParameters, 'lanes' | 'rows'>,
): { readonly words: number; readonly rows: number } {
  const rows = shape.heads * Math.ceil(shape.headDim / p.rows);
  return { words: rows * Math.ceil(shape.dState / p.lanes), rows };
}
