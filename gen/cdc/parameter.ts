/** What the elements of this folder share. */
import { clockDomain } from '../domain.ts';
import { atLeast, type Parameter } from '../stream/parameter.ts';

/** The two sides of an element; an instance binds them: `{ clocks: { from: pixel, to: system } }`. */
export const sides = () => ({ from: clockDomain('from'), to: clockDomain('to') });

export interface CrossingOptions {
  /** Registers behind each other that a crossing bit passes, 2 or more; default 2. */
  readonly flops?: number;
}

export const checkFlops = (flops: number): Parameter => atLeast('flops', 2, flops);
