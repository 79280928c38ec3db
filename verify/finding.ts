/** The first thing that went wrong in a run: where and when, what caused it, and the waves around it. */
import {
  bitText,
  type Cause,
  causesOf,
  causeText,
  causeWave,
  type History,
  type LockStepResult,
  type Trace,
  valueText,
  writeText,
  writeVcd,
} from '../sim/index.ts';
import type { UnitBench, Verdict } from './unit-bench.ts';

/** An output that is not as it should be, in a cycle counted from power-up; `bits`: those that are wrong. */
export interface Wrong {
  readonly port: string;
  readonly cycle: number;
  readonly bits: bigint | undefined;
  /** Lines that say what is wrong. */
  readonly text: string;
}

export interface Finding extends Wrong {
  /** Nearest first. */
  readonly causes: readonly Cause[];
  readonly trace: Trace;
  /** The waveform that was written. */
  readonly wave: string;
  /** The text file with all the causes. */
  readonly report: string;
}

/** The first difference between engines. */
export function wrongInLockStep({ mismatch }: LockStepResult, widthOf: (port: string) => number): Wrong | undefined {
  if (mismatch === undefined) return undefined;
  const { port, cycle, values } = mismatch;
  const width = widthOf(port);
  const [first, ...others] = [...values.values()];
  const bits = others.reduce((sum, v) => sum | BigInt.asUintN(width, v ^ first!), 0n);
  return { port, cycle, bits, text: `${port} differs in cycle ${cycle}:\n${valueText(values, width)}` };
}

/** Of the results that are not golden's, the first that came. `cycles`: when each beat was taken, by stream. */
export function wrongResult(
  bench: UnitBench,
  verdicts: readonly Verdict[],
  cycles: Readonly<Record<string, readonly number[]>>,
): Wrong | undefined {
  const wrong = verdicts.flatMap(({ mismatch, label }): Wrong[] => {
    if (mismatch?.beat === undefined) return [];
    const { stream, index, field, bits } = mismatch.beat;
    const [port, cycle] = [`${bench.unit}_${stream}_${field}`, cycles[stream]![index]!];
    const text = `${label}, ${mismatch.text}\n  beat ${index} of ${port}, taken in cycle ${cycle}; ${bitText(bits)} of it are wrong`;
    return [{ port, cycle, bits, text }];
  });
  return wrong.reduce<Wrong | undefined>((a, b) => (a === undefined || b.cycle < a.cycle ? b : a), undefined);
}

/** Looks for the causes, writes the waves to `path` and all the causes to a text file beside it. */
export function findCauses(wrong: Wrong, history: History, path: string): Finding {
  const trace = history.lookAt(wrong.cycle);
  const causes = causesOf(history.module!, trace, wrong.port, wrong.cycle, wrong.bits);
  const report = `${path.replace(/\.vcd$/, '')}.txt`;
  writeVcd(path, trace);
  writeText(report, `${wrong.text}\n\n${causeText(causes)}\n`);
  return { ...wrong, trace, wave: path, report, causes };
}

/** Causes that people are shown at once, besides the memories behind them. */
const nearest = 12;

/** For people: what is wrong, its nearest causes with the lines of TypeScript, and the first waves. */
export function findingText({ text, port, cycle, causes, trace, wave, report }: Finding, width: number): string {
  const shown = causes.filter((c, i) => i < nearest || c.memory);
  const left = causes.length - shown.length;
  const more = left > 0 ? [`  ... and ${left} more in ${report}`] : [];
  return [
    text,
    [`Where it comes from, nearest first, and memories on the way:\n${causeText(shown)}`, ...more].join('\n'),
    causeWave(trace, port, cycle, causes, width),
    `more of it: popscan wave ${wave} --from ${Math.max(trace.start, cycle - 8)} --signals 'PATTERN,...'`,
  ].join('\n\n');
}
