/** The arithmetic of a state format: how dt x is prepared for a row, and how an element is updated. */
import type { ModuleBuilder, Pipeline, SInt, UInt } from '../../gen/index.ts';
import { headFormat } from './format-head.ts';
import { rowFormatOf } from './format-row.ts';
import { rowFormat, type ScanParameters } from './parameters.ts';

/** dt x of one row as it multiplies B; `coarse` is the part of its shift that is left for after the product. */
export interface Step {
  readonly value: SInt;
  readonly coarse: UInt;
  readonly clamped: UInt;
}

/** What the elements of a row share. */
export interface RowScalars {
  readonly decay: UInt;
  readonly step: Omit<Step, 'clamped'>;
  /** Of the stored row. */
  readonly exponent: UInt | undefined;
}

/** What the elements of a row share, in the form in which `update` takes it: factors, and which shift is left for after the product. */
export interface RowFactors {
  readonly decay: SInt;
  readonly step: SInt;
  readonly decayCoarse: UInt;
  readonly stepCoarse: UInt;
}

export interface FormatHardware {
  readonly stepBits: number;
  readonly coarseBits: number;
  /** From dt x and the shift of its head, at one latency. */
  prepare(m: ModuleBuilder, pipe: Pipeline, product: SInt, shift: UInt, name: string): Step;
  /** Once per row and beat; 1 stage. */
  factors(m: ModuleBuilder, pipe: Pipeline, row: RowScalars): RowFactors;
  /** S' of one element. */
  update(
    m: ModuleBuilder,
    pipe: Pipeline,
    row: RowFactors,
    q: SInt,
    b: SInt,
    name: string,
  ): { readonly state: SInt; readonly clamped: UInt };
}

export const formatOf = (p: ScanParameters): FormatHardware => {
  const f = rowFormat(p);
  return f === undefined ? headFormat(p) : rowFormatOf(p, f);
};
