/** A projection's input as the norm takes it: packets in beats, and the numbers of its descriptor. */
import { RSQRT_FRACTION, resultUnit, sumBits } from '../../golden/fixed/index.ts';
import type { FixedProjection } from '../../golden/fixed/projection.ts';
import { HardwareProblem } from '../problem.ts';
import { biasRefinement, type NormParameters } from './parameters.ts';

/**
 * Beats of a tile. The vector comes in packets of `packet` columns (a head; the whole of a residual), each of which begins a beat: a tile
 * is several packets, or a part of one that fills its beats. Throws a `HardwareProblem` for others.
 */
export function tileWords(tile: number, packet: number, lanes: number): number {
  if (tile % packet === 0) return (tile / packet) * Math.ceil(packet / lanes);
  if (packet % tile === 0 && tile % lanes === 0) return tile / lanes;
  const expected = `a multiple of ${packet}, or a divisor of it that ${lanes} lanes divide`;
  throw new HardwareProblem('norm', 'columns of a tile', expected, `${tile}`);
}

/** The descriptor of vectors of a projection. */
export function normDescriptor(f: FixedProjection, packet: number, p: NormParameters) {
  const { cols } = f.matrix;
  const biasShift = f.weight.unit - f.resultFraction - (f.bias?.unit ?? f.weight.unit) + biasRefinement;
  if (biasShift < 0 || biasShift > 127)
    throw new HardwareProblem(
      'norm',
      'the unit of the bias factors',
      'within the range of the bias shift',
      `${biasShift}`,
    );
  return {
    tile_words: tileWords(f.tile, packet, p.lanes),
    tiles: cols / f.groups / f.tile,
    groups: f.groups,
    floor: f.floor,
    epsilon: f.epsilon,
    bias_shift: biasShift,
    bias_bits: sumBits(cols, f.activationBits) + f.resultFraction,
  };
}

/** The beats of a vector: first column and how many. */
export const vectorBeats = (cols: number, packet: number, lanes: number): { from: number; count: number }[] =>
  Array.from({ length: cols / packet }, (_, i) =>
    Array.from({ length: Math.ceil(packet / lanes) }, (_, b) => ({
      from: i * packet + b * lanes,
      count: Math.min(lanes, packet - b * lanes),
    })),
  ).flat();

/**
 * What the layer's units add to the shifts of a projection's scales for results in 2^unit. Throws a `HardwareProblem` where a vector could
 * ask for a shift to the left: exponent - top is at least -(weightBits - A), or 1 - floor where tiles have one.
 */
export function scaleShift(f: FixedProjection, unit: number, weightBits: number): number {
  const shift = unit + RSQRT_FRACTION - resultUnit(f);
  const least = Math.max(weightBits - f.activationBits, f.floor - 1);
  if (shift >= least && shift < 128) return shift;
  throw new HardwareProblem('norm', 'the unit of the results', `a shift from ${least} to 127`, `${shift}`);
}
