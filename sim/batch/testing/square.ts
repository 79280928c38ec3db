/** For tests: a program of a pool. */
import type { Program } from '../pool.ts';

export const open: Program<{ readonly plus: number }, number, number> =
  ({ plus }) =>
  (x) => {
    if (x < 0) throw new Error('negative');
    return x * x + plus;
  };
