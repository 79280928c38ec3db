/** A program of a pool that needs nothing but its core: what the machine itself gives to a second thread. */
import type { Program } from '../../sim/index.ts';

export const open: Program<undefined, number, number> = () => (steps) => {
  let x = 1;
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1_103_515_245) + 12_345) | 0;
  return x;
};
