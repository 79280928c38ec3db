/** The units of a layer as the shifts of the descriptors; a model whose units the hardware cannot follow is refused. */
import { FUNCTION_FRACTION, type ScanShape } from '../../golden/fixed/index.ts';
import type { FixedLayer } from '../../golden/fixed/model.ts';
import { mostArgumentShift } from '../conv/parameters.ts';
import { convWords } from '../conv/unit.ts';
import { normDescriptor, scaleShift } from '../norm/layout.ts';
import { HardwareProblem } from '../problem.ts';
import { scanDescriptor } from '../scan/descriptor.ts';
import type { MixerParameters } from './parameters.ts';

/** An amount of a shift, from 0 to `most`. */
export function shiftAmount(name: string, amount: number, most: number): number {
  if (Number.isInteger(amount) && amount >= 0 && amount <= most) return amount;
  throw new HardwareProblem('mixer', name, `a shift by 0 to ${most}`, `${amount}`);
}

/** What the convolution unit needs of a layer beside its weights. */
export function convScaling({ convolution, convUnit, zUnit, gateUnit, scanUnits }: FixedLayer) {
  const argument = (name: string, unit: number) => shiftAmount(name, unit + FUNCTION_FRACTION, mostArgumentShift);
  const result = (name: string, unit: number) => shiftAmount(name, unit + FUNCTION_FRACTION, 31);
  return {
    shift: shiftAmount('the shift of the convolution', convolution.shift, 63),
    argument_conv: argument('the unit of the convolution', convUnit),
    argument_z: argument('the unit of z', zUnit),
    result_b: result('the unit of B', scanUnits.b),
    result_c: result('the unit of C', scanUnits.c),
    result_x: result('the unit of x', scanUnits.x),
    result_z: result('the unit of the gate', gateUnit),
  };
}
export type ConvScaling = ReturnType<typeof convScaling>;

/** Where a token is: its layer's weights, and the place of its sequence among the states. */
export interface TokenPlace {
  readonly slot: number;
  readonly layer: number;
  /** Since the state was cleared. */
  readonly token: number;
}

/** The descriptor of one token of one layer. Throws a `HardwareProblem` where the layer's units ask for shifts that are not there. */
export function mixerDescriptor(layer: FixedLayer, shape: ScanShape, place: TokenPlace, p: MixerParameters) {
  const { heads, headDim: head_dim, dState: d_state, groups } = shape;
  const { inProj, zUnit, xbcUnit, dtUnit, rate, scanUnits, gateUnit, gatedUnit, outProj } = layer;
  const { norm, scan } = p.numerics;
  const results = (unit: number) => scaleShift(inProj, unit, norm.weightBits);
  const words = convWords(shape, p.lanes);
  return {
    front: {
      ...{ heads, head_dim, d_state, groups },
      ...{ shift_z: results(zUnit), shift_xbc: results(xbcUnit), shift_dt: results(dtUnit) },
    },
    conv: { ...convScaling(layer), base: place.slot * words, words, clear: place.token === 0 ? 1 : 0 },
    step: {
      argument: shiftAmount('the unit of dt', dtUnit + FUNCTION_FRACTION, mostArgumentShift),
      rate_shift: shiftAmount('the unit of A', scan.dtFraction - FUNCTION_FRACTION - rate.unit, 63),
    },
    scan: scanDescriptor(shape, place, p.scan),
    gate: { shift: shiftAmount('the unit of y silu(z)', gatedUnit - scanUnits.y - gateUnit, 63) },
    norm: normDescriptor(outProj, head_dim, p.norm),
  };
}
