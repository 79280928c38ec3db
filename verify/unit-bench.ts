/** What `run.ts` needs to know of a unit's work. */
import type { Beat } from '../sim/index.ts';

/** The outcome of one job. */
export interface Verdict {
  readonly group: string;
  readonly label: string;
  /** Result words compared. */
  readonly words: number;
  /** The first wrong word: where, expected, found. */
  readonly mismatch: string | undefined;
}

export interface UnitBench {
  readonly unit: string;
  /** The beats of every stream that the unit takes, by stream name. */
  readonly feeds: Readonly<Record<string, () => Iterable<Beat>>>;
  /** How many beats each stream that the unit gives will deliver. */
  readonly collects: Readonly<Record<string, number>>;
  /** More cycles than the unit needs without stalls: a run that is longer is stuck. */
  readonly cycleBound: number;
  /** Useful operations in all jobs, and what one is. */
  readonly operations: number;
  readonly operation: string;
  /** Compares the beats taken with the expected results. */
  judge(taken: Readonly<Record<string, readonly Readonly<Record<string, bigint>>[]>>): Verdict[];
}
