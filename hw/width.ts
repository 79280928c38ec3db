/** Numbers in other widths. */
import type { SInt, UInt } from '../gen/index.ts';

/** x in so many bits, which are known to hold it, or all that is wanted of it. */
export const resized = <T extends UInt | SInt>(x: T, width: number): T =>
  (width <= x.width ? x.trunc(width) : x.ext(width)) as T;
