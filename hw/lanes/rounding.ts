/** From an exact value to a format, as golden does it everywhere: a shift that rounds halves up, then saturation. */
import { bit, cat, type ModuleBuilder, type Pipeline, repeat, type SInt, type UInt } from '../../gen/index.ts';
import { roundShiftBy, saturateSymmetric } from '../scan/arithmetic.ts';

export interface Kept {
  readonly value: SInt;
  /** 1 where the value is not the one before saturation. */
  readonly clamped: UInt;
}

export interface Limits {
  /** The magnitude is at most 2^(bits-1) - 1 on both sides. */
  readonly symmetric?: boolean;
  /** x is known to be no less. */
  readonly least?: number;
}

/** x in `bits` bits: saturated at the ends that it can reach. */
export function keep(
  m: ModuleBuilder,
  x: SInt,
  bits: number,
  name: string,
  { symmetric = false, least = -Infinity }: Limits = {},
): Kept {
  if (symmetric) return saturateSymmetric(x.ext(Math.max(x.width, bits)), bits, name);
  if (x.width <= bits) return { value: x.ext(bits), clamped: m.constant(bit, 0) };
  const sign = x.bit(x.width - 1);
  const top = x.slice(x.width - 2, bits - 1);
  const twoSided = least < -(2 ** (bits - 1));
  const clamped = sign.mux(twoSided ? top.all().not() : 0, top.any()).named(`${name}_clamped`);
  const limit = twoSided ? cat(sign, ...repeat(sign.not(), bits - 1)).asSigned() : 2 ** (bits - 1) - 1;
  return { value: clamped.mux(limit, x.trunc(bits)), clamped };
}

/** x / 2^amount in `bits` bits; values of any latency. 2 stages. */
export function roundTo(
  m: ModuleBuilder,
  pipe: Pipeline,
  name: string,
  x: SInt,
  amount: UInt,
  bits: number,
  limits: Limits = {},
): Kept {
  const rounded = pipe.join({ x, amount }, (v) =>
    pipe.stage(`${name}_rounded_q`, roundShiftBy(m, v.x, v.amount, name)),
  );
  return pipe.stage(name, { ...keep(m, rounded, bits, name, limits) });
}
