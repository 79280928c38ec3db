/** The arithmetic of a state format: how dt x is prepared for a row, and how an element is updated. */
import type { ModuleBuilder, Pipeline, SInt, UInt } from '../../gen/index.ts';
import { headFormat } from './format-head.ts';
import { rowFormatOf } from './format-row.ts';
import { rowFormat, type ScanParameters } from './parameters.ts';

/** dt x of one row as it multiplies B; `coarse` is the part of its shift that is left for after the product. */
export interface Step {
  readonly value: SInt;
  readonly coarse: UInt;
  /** Undefined: every step fits. */
  readonly clamped: UInt | undefined;
}

/** What the elements of a row share. */
export interface RowScalars {
  readonly decay: UInt;
  readonly step: Omit<Step, 'clamped'>;
  /** Of the stored row. */
  readonly exponent: UInt | undefined;
}

/** S' of an element, whether it was clamped, and at the same latency |S'| / 2^(bits-1), where rows have exponents. */
export type Update = (
  q: SInt,
  b: SInt,
  name: string,
) => { readonly state: SInt; readonly clamped: UInt; readonly size?: UInt };

export interface FormatHardware {
  readonly stepBits: number;
  readonly coarseBits: number;
  /** Steps may be clamped. */
  readonly clampsSteps: boolean;
  /** Latency at which `update` wants B, if the rest arrives at 0. */
  readonly inputsAt: number;
  /** From dt x and the shift of its head, at one latency. */
  prepare(m: ModuleBuilder, pipe: Pipeline, product: SInt, shift: UInt, name: string): Step;
  /** Makes what the elements of a row have in common. */
  update(m: ModuleBuilder, pipe: Pipeline, row: RowScalars): Update;
}

export const formatOf = (p: ScanParameters): FormatHardware => {
  const f = rowFormat(p);
  return f === undefined ? headFormat(p) : rowFormatOf(p, f);
};
