/** The units of a layer as the shifts of the descriptors; a model whose units the hardware cannot follow is refused. */
import { FUNCTION_FRACTION } from '../../golden/fixed/index.ts';
import type { FixedLayer } from '../../golden/fixed/model.ts';
import { mostArgumentShift } from '../conv/parameters.ts';
import { HardwareProblem } from '../problem.ts';

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
