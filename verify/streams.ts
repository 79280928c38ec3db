/** Benches for units whose results are streams of values: what each beat must hold, and how it is judged. */
import type { Beat } from '../sim/index.ts';
import { type UnitBench, type Verdict, type WrongWord, wrongStatus, wrongWord } from './unit-bench.ts';

/** A beat that must come: by field the values side by side, the first in the low bits; what lies beyond them is not looked at. */
export type ExpectedBeat = Readonly<Record<string, readonly (number | bigint)[]>>;

export interface StreamJob {
  readonly group: string;
  readonly label: string;
  /** By stream. */
  readonly beats: Readonly<Record<string, readonly ExpectedBeat[]>>;
}

export interface StreamWork {
  readonly unit: string;
  readonly feeds: Readonly<Record<string, () => Iterable<Beat>>>;
  /** Bits of one value, by stream and field. */
  readonly bits: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly jobs: readonly StreamJob[];
  /** What the status outputs must show after the last job, by port. */
  readonly counters: Readonly<Record<string, number>>;
  readonly cycleBound: number;
  readonly operations: number;
  readonly operation: string;
}

export function streamBench(work: StreamWork): UnitBench {
  const { unit, feeds, bits, jobs, counters, cycleBound, operations, operation } = work;
  const streams = Object.keys(bits);
  const count = (stream: string): number => jobs.reduce((sum, j) => sum + (j.beats[stream]?.length ?? 0), 0);
  return {
    unit,
    feeds,
    collects: Object.fromEntries(streams.map((s) => [s, count(s)])),
    cycleBound,
    operations,
    operation,
    judge: (taken, status) => {
      const next = Object.fromEntries(streams.map((s) => [s, 0]));
      const verdicts = jobs.map(({ group, label, beats }): Verdict => {
        let [words, mismatch] = [0, undefined as WrongWord | undefined];
        for (const [stream, expected] of Object.entries(beats)) {
          for (const beat of expected) {
            const index = next[stream]!++;
            words += Object.values(beat).reduce((sum, values) => sum + values.length, 0);
            mismatch ??= wrongBeat(stream, index, beat, taken[stream]?.[index], bits[stream]!);
          }
        }
        return { group, label, words, mismatch };
      });
      const complete = streams.every((s) => (taken[s]?.length ?? 0) >= next[s]!);
      const group = jobs.at(-1)?.group;
      return complete && group !== undefined ? [...verdicts, judgeCounters(group, counters, status)] : verdicts;
    },
  };
}

function judgeCounters(group: string, counters: StreamWork['counters'], status: (port: string) => bigint): Verdict {
  const wrong = Object.entries(counters).map(([port, expected]) => wrongStatus(port, expected, status(port)));
  const mismatch = wrong.find((w) => w !== undefined);
  return { group, label: 'status', words: Object.keys(counters).length, mismatch };
}

function wrongBeat(
  stream: string,
  index: number,
  expected: ExpectedBeat,
  found: Readonly<Record<string, bigint>> | undefined,
  bits: Readonly<Record<string, number>>,
): WrongWord | undefined {
  if (found === undefined) return { text: `${stream}, beat ${index}: no result came`, at: undefined };
  for (const [field, values] of Object.entries(expected)) {
    const width = bits[field]!;
    for (const [i, value] of values.entries()) {
      const wanted = BigInt.asUintN(width, BigInt(value));
      const got = BigInt.asUintN(width, found[field]! >> BigInt(i * width));
      if (wanted === got) continue;
      const shown = BigInt(value) < 0n ? BigInt.asIntN(width, got) : got;
      const text = `${stream}, beat ${index}, ${field} ${i}: ${value} expected, ${shown} found`;
      return wrongWord(text, stream, index, field, [wanted, got], width, i * width);
    }
  }
  return undefined;
}
