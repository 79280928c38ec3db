/** The exponent of a row as a shift in three parts, so that no bit is chosen among more than four. */
import { bit, cat, type ModuleBuilder, type Readable, type UInt, uint } from '../../gen/index.ts';

/** A shift by 0 to 16: by 0, 4, 8 or 12, by 0 to 3, and by 1. */
export const shiftShape = { by4: uint(2), by1: uint(2), once: bit };
export type ShiftParts = Readable<typeof shiftShape>;

export function shiftParts(m: ModuleBuilder, exponent: UInt): ShiftParts {
  const once = exponent.width > 4 ? exponent.bit(4) : m.constant(bit, 0);
  const rest = exponent
    .ext(5)
    .trunc(4)
    .or(cat(once, once, once, once));
  return { by4: rest.slice(3, 2), by1: rest.slice(1, 0), once };
}
