/** What an interrupt leaves undone. */
import type { Check } from './command.ts';

/** No check where all was done; else one that fails, as what has not been looked at has not passed. */
export const unfinished = (name: string, done: number, all: number): Check[] =>
  done >= all ? [] : [{ name, ok: false, detail: `interrupted after ${done} of ${all}` }];
