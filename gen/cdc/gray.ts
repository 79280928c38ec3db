/** Gray codes: the codes of neighbours differ in one bit. */
import type { UInt } from '../signal.ts';

/** The Gray code of `x`, of two bits or more: x ^ (x >> 1). */
export const toGray = (x: UInt): UInt => x.xor(x.shr(1).ext(x.width));
