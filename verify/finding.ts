/** The first thing that went wrong in a run: where and when, what caused it, and the waves around it. */
import {
  bitText,
  type Cause,
  causesOf,
  causeText,
  causeWave,
  type Effect,
  type History,
  type LockStepResult,
  type Trace,
  valueText,
  writeText,
  writeVcd,
} from '../sim/index.ts';
import type { UnitBench, Verdict } from './unit-bench.ts';

/** Something that is not as it should be, in a cycle counted from power-up. */
export interface Wrong {
  readonly cycle: number;
  readonly effect: Effect;
  /** What says when it moved: the valid of its stream. */
  readonly moves: readonly Effect[];
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
  const text = `${port} differs in cycle ${cycle}:\n${valueText(values, width)}`;
  return { cycle, effect: { port, bits }, moves: [], text };
}

/** Of the results that are not golden's, the first that came. `cycles`: when each beat was taken, by stream; `last`: the last cycle of the run. */
export function wrongResult(
  { unit }: UnitBench,
  verdicts: readonly Verdict[],
  cycles: Readonly<Record<string, readonly number[]>>,
  last: number,
): Wrong | undefined {
  const wrong = verdicts.flatMap(({ mismatch, label }): Wrong[] => {
    if (mismatch?.at === undefined) return [];
    const said = `${label}, ${mismatch.text}`;
    if ('status' in mismatch.at)
      return [{ cycle: last, effect: { port: `${unit}_${mismatch.at.status}` }, moves: [], text: said }];
    const { stream, index, field, bits } = mismatch.at;
    const [port, cycle] = [`${unit}_${stream}_${field}`, cycles[stream]![index]!];
    const text = `${said}\n  beat ${index} of ${port}, taken in cycle ${cycle}; wrong: ${bitText(bits)}`;
    return [{ cycle, effect: { port, bits }, moves: [{ port: `${unit}_${stream}_valid` }], text }];
  });
  return earliest(wrong);
}

/** The first in time. */
export const earliest = (wrong: readonly Wrong[]): Wrong | undefined =>
  wrong.reduce<Wrong | undefined>((a, b) => (a === undefined || b.cycle < a.cycle ? b : a), undefined);

/** Looks for the causes, writes the waves to `path` and all the causes to a text file beside it. */
export function findCauses(wrong: Wrong, history: History, path: string): Finding {
  const trace = history.lookAt(wrong.cycle);
  const causes = causesOf(history.module!, trace, wrong.cycle, [wrong.effect], wrong.moves);
  const report = `${path.replace(/\.vcd$/, '')}.txt`;
  writeVcd(path, trace);
  writeText(report, reportText(wrong.text, causes));
  return { ...wrong, trace, wave: path, report, causes };
}

/** Causes of the value, and of when it moved. */
const kindsOf = (causes: readonly Cause[]) => ({
  value: causes.filter((c) => !c.control),
  control: causes.filter((c) => c.control),
});

/** The causes of when something moved, under their title; nothing where there are none. */
const movedText = (causes: readonly Cause[]): string[] =>
  causes.length === 0 ? [] : [`What decided when it moved:\n${causeText(causes)}`];

function reportText(text: string, causes: readonly Cause[]): string {
  const { value, control } = kindsOf(causes);
  return `${[text, causeText(value), ...movedText(control)].join('\n\n')}\n`;
}

/** Causes that people are shown at once: of the value, besides the memories behind it, and of when it moved. */
const nearest = { value: 12, control: 12 };

/** For people: what is wrong, its nearest causes with the lines of TypeScript, and the first waves. */
export function findingText({ text, effect, cycle, causes, trace, wave, report }: Finding, width: number): string {
  const { value, control } = kindsOf(causes);
  const own = value.filter((c) => !c.library).slice(0, nearest.value);
  const last = value.findLastIndex((c) => own.includes(c));
  const way = value.filter((c, i) => own.includes(c) || (i < last && c.memory !== undefined));
  // Those of the design before those in queues, and of each first what has been written here.
  const rank = (c: Cause): number => (c.library ? 2 : 0) + (c.memory === 'written' ? 0 : 1);
  const memories = value
    .filter((c) => c.memory !== undefined && !way.includes(c))
    .toSorted((a, b) => rank(a) - rank(b));
  const moved = control.filter((c) => !c.library).slice(0, nearest.control);
  const left = causes.length - way.length - memories.length - moved.length;
  const more = left > 0 ? [`  ... and ${left} more in ${report}`] : [];
  const port = 'port' in effect ? effect.port : undefined;
  return [
    text,
    `Where it comes from, nearest first:\n${causeText(way)}`,
    ...(memories.length === 0
      ? []
      : [`Memories behind it, whose words may have been wrong for long:\n${causeText(memories)}`]),
    ...movedText(moved),
    ...more,
    causeWave(trace, port, cycle, [...way, ...moved], width),
    `more of it: popscan wave ${wave} --from ${Math.max(trace.start, cycle - 8)} --signals 'PATTERN,...'`,
  ].join('\n\n');
}
