/** For tests: a program of a pool. */
import { threadId } from 'node:worker_threads';
import type { Program } from '../pool.ts';

export interface Square {
  readonly value: number;
  /** Where it was computed. */
  readonly thread: number;
}

export const open: Program<{ readonly plus: number }, number, Square> =
  ({ plus }) =>
  (x) => {
    if (x < 0) throw new Error('negative');
    return { value: x * x + plus, thread: threadId };
  };
