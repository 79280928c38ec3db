/** What is fixed when a scan unit is elaborated, and the widths that follow from it. */
import { addressWidth, bitsFor } from '../../gen/index.ts';
import type { ScanNumerics } from '../../golden/fixed/index.ts';
import { HardwareProblem } from '../problem.ts';

export interface ScanParameters {
  /** L: state elements updated per cycle, a power of two. */
  readonly lanes: number;
  /** Largest sizes of a layer; the descriptor gives the actual ones. */
  readonly maxHeads: number;
  readonly maxHeadDim: number;
  readonly maxState: number;
  readonly maxGroups: number;
  /** Words of L elements in the state memory: the sum over all layers of heads * headDim * ceil(dState / L). */
  readonly stateWords: number;
  readonly numerics: ScanNumerics;
}

export interface ScanWidths {
  readonly heads: number;
  readonly headDim: number;
  readonly state: number;
  readonly groups: number;
  /** Beats per row, ceil(dState / L). */
  readonly tiles: number;
  readonly stateAddress: number;
  /** Words of the B and C buffer. */
  readonly inputDepth: number;
  /** sum_n C S, exact; padded lanes take part as zeros. */
  readonly dot: number;
}

/** The widths; throws a `HardwareProblem` for parameters outside their range. */
export function scanWidths(p: ScanParameters): ScanWidths {
  const positive = (name: keyof ScanParameters, value: number, high: number): void => {
    if (Number.isInteger(value) && value >= 1 && value <= high) return;
    throw new HardwareProblem('scan', name, `a whole number from 1 to ${high}`, `${value}`);
  };
  positive('lanes', p.lanes, 256);
  if ((p.lanes & (p.lanes - 1)) !== 0) throw new HardwareProblem('scan', 'lanes', 'a power of two', `${p.lanes}`);
  positive('maxHeads', p.maxHeads, 4096);
  positive('maxHeadDim', p.maxHeadDim, 4096);
  positive('maxState', p.maxState, 4096);
  positive('maxGroups', p.maxGroups, p.maxHeads);
  positive('stateWords', p.stateWords, 2 ** 24);
  const maxTiles = Math.ceil(p.maxState / p.lanes);
  const { stateBits, inputBits } = p.numerics;
  return {
    heads: bitsFor(BigInt(p.maxHeads)),
    headDim: bitsFor(BigInt(p.maxHeadDim)),
    state: bitsFor(BigInt(p.maxState)),
    groups: bitsFor(BigInt(p.maxGroups)),
    tiles: bitsFor(BigInt(maxTiles)),
    stateAddress: addressWidth(p.stateWords),
    inputDepth: p.maxGroups * maxTiles,
    dot: stateBits + inputBits + bitsFor(BigInt(Math.max(p.maxState, p.lanes) - 1)),
  };
}
