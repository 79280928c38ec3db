/** Draws of the generators of work. */
import type { Random } from '../sim/index.ts';

/** A whole number from `low` to `high`, both included. */
export const pick = (random: Random, low: number, high: number): number => low + random.below(high - low + 1);

export const any = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)]!;
