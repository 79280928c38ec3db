/** From an exact value to a format, as golden does it everywhere: a shift that rounds halves up, then saturation. */
import { type ModuleBuilder, type Pipeline, type SInt, saturate, sint, type UInt } from '../../gen/index.ts';
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

/** x in `bits` bits: saturated, at the ends that it can reach. */
export function keep(x: SInt, bits: number, name: string, { symmetric = false, least = -Infinity }: Limits = {}): Kept {
  if (symmetric) return saturateSymmetric(x.ext(Math.max(x.width, bits)), bits, name);
  const half = 2 ** (bits - 1);
  if (x.width > bits && least >= -half) {
    const positive = x.bit(x.width - 1).not();
    const beyond = positive.and(x.slice(x.width - 2, bits - 1).any()).named(`${name}_clamped`);
    return { value: beyond.mux(half - 1, x.trunc(bits)), clamped: beyond };
  }
  const value = saturate(x, sint(bits));
  const width = Math.max(bits, x.width);
  return { value, clamped: value.ext(width).ne(x.ext(width)).named(`${name}_clamped`) };
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
  return pipe.stage(name, { ...keep(rounded, bits, name, limits) });
}
