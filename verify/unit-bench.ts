/** What `run.ts` needs to know of a unit's work. */
import type { Beat } from '../sim/index.ts';

/** The outcome of one job. */
export interface Verdict {
  readonly group: string;
  readonly label: string;
  /** Result words compared. */
  readonly words: number;
  /** The first wrong word. */
  readonly mismatch: WrongWord | undefined;
}

export interface WrongWord {
  /** Where, expected, found. */
  readonly text: string;
  /**
   * The beat it came in, counted per stream and run, and the bits of which field differ; or the status output; undefined: it
   * never came.
   */
  readonly at:
    | { readonly stream: string; readonly index: number; readonly field: string; readonly bits: bigint }
    | { readonly status: string }
    | undefined;
}

/** A word of `field` in beat `index` that is not what it should be; `low`: where in the field it begins. */
export function wrongWord(
  text: string,
  stream: string,
  index: number,
  field: string,
  [expected, found]: readonly [bigint, bigint],
  width: number,
  low = 0,
): WrongWord {
  return { text, at: { stream, index, field, bits: BigInt.asUintN(width, expected ^ found) << BigInt(low) } };
}

/** A status output that does not show at the end what it should. */
export const wrongStatus = (port: string, expected: number, found: bigint): WrongWord | undefined =>
  found === BigInt(expected)
    ? undefined
    : { text: `${port}: ${expected} expected, ${found} found`, at: { status: port } };

export interface UnitBench {
  readonly unit: string;
  /** The beats of every stream that the unit takes, by stream name. */
  readonly feeds: Readonly<Record<string, () => Iterable<Beat>>>;
  /** How many beats each stream that the unit gives will deliver. */
  readonly collects: Readonly<Record<string, number>>;
  /** The input that drops all work when it is 1 for a cycle, where there is one. */
  readonly flush?: string;
  /** More cycles than the unit needs without stalls: a run that is longer is stuck. */
  readonly cycleBound: number;
  /** Useful operations in all jobs, and what one is. */
  readonly operations: number;
  readonly operation: string;
  /** Compares the beats taken with the expected results, and what the status outputs show at the end. */
  judge(
    taken: Readonly<Record<string, readonly Readonly<Record<string, bigint>>[]>>,
    status: (port: string) => bigint,
  ): Verdict[];
}
