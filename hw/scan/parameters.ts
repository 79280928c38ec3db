/** What is fixed when a scan unit is elaborated, and the widths that follow from it. */
import { addressWidth, bitsFor } from '../../gen/index.ts';
import type { RowState, ScanNumerics, StateFormat } from '../../golden/fixed/index.ts';
import { HardwareProblem } from '../problem.ts';
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
  /** sum_n C S', exact; padded lanes take part as zeros. */
  readonly dot: number;
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

/** The widths; throws a `HardwareProblem` for parameters outside their range. */
export function scanWidths(p: ScanParameters): ScanWidths {
  const refuse = (name: string, expected: string, found: unknown): never => {
    throw new HardwareProblem('scan', name, expected, `${found}`);
  };
  const positive = (name: keyof ScanParameters, high: number): void => {
    const value = p[name] as number;
    if (!(Number.isInteger(value) && value >= 1 && value <= high))
      refuse(name, `a whole number from 1 to ${high}`, value);
  };
  positive('lanes', 256);
  if ((p.lanes & (p.lanes - 1)) !== 0) refuse('lanes', 'a power of two', p.lanes);
  positive('maxHeads', 4096);
  positive('maxHeadDim', 4096);
  positive('maxState', 4096);
  positive('rows', mostLanes / p.lanes);
  positive('maxGroups', p.maxHeads);
  positive('stateWords', 2 ** 26);
  positive('rowWords', 2 ** 26);
  const format = rowFormat(p);
  const { numerics } = p;
  const mostExponent = Math.min(16, numerics.decayFraction);
  if (format !== undefined && format.workBits - format.bits > mostExponent)
    refuse(
      'state.workBits',
      `at most ${mostExponent + format.bits}, exponents up to ${mostExponent}`,
      `${format.workBits}`,
    );
  const maxTiles = Math.ceil(p.maxState / p.lanes);
  const rowGroups = Math.ceil(p.maxHeadDim / p.rows);
  const work = format?.workBits ?? numerics.stateBits;
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
    dot: work + numerics.inputBits + addressWidth(Math.max(p.maxState, p.lanes)),
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
