import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Figure, Progress, Report } from '../cli/command.ts';
import { unfinished } from '../cli/unfinished.ts';

/** Something `popscan bench` measures. */
export interface Bench {
  /** One line. */
  readonly describe: string;
  /** The parts, in the order of the table. */
  readonly rows: Rows;
  /** Parts that run only where they are named. */
  readonly onDemand?: Rows;
}
export type Rows = Readonly<Record<string, Row>>;

/** A part of a bench: some figures, and one check for each bound. */
export type Row = (progress: Progress, options: RowOptions) => Report | Promise<Report>;

export interface RowOptions {
  readonly threads: number;
}

/** Milliseconds between looks at whether the user has asked for an end. */
const patience = 100;

/** The rows of these names, one after the other; the one in which `interrupted` turns true is given up, and none follows. */
export async function runRows(
  { rows, onDemand }: Bench,
  names: readonly string[],
  options: RowOptions,
  progress: Progress,
  interrupted: () => boolean,
): Promise<Report> {
  const all: Rows = { ...rows, ...onDemand };
  const reports: Report[] = [];
  for (const name of names) {
    const report = await unless(interrupted, async () => all[name]!((line) => progress(`${name}: ${line}`), options));
    if (report === undefined) break;
    reports.push(report);
  }
  const { checks, text, ...report } = joinReports(reports);
  return {
    ...report,
    checks: [...checks, ...unfinished('all rows were measured', reports.length, names.length)],
    text: `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores\n${text}`,
  };
}

/** What `work` gives, unless it is interrupted before: an interrupt may reach its tools too, whose complaints are none then. */
async function unless<T>(interrupted: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
  const ended = new AbortController();
  const interruption = async () => {
    while (!interrupted()) await wait(patience, undefined, { signal: ended.signal });
    return undefined;
  };
  try {
    return await Promise.race([work(), interruption()]);
  } catch (error) {
    if (interrupted()) return undefined;
    throw error;
  } finally {
    ended.abort();
  }
}

/** A figure clocked or counted on this machine. */
export const measured = (name: string, value: number, unit: string): Figure => ({
  name,
  value,
  unit,
  kind: 'measured',
});

/** Several reports as one. */
export const joinReports = (reports: readonly Report[]): Report => ({
  figures: reports.flatMap(({ figures }) => figures),
  checks: reports.flatMap(({ checks }) => checks),
  skipped: [...new Map(reports.flatMap((r) => r.skipped.map((s) => [s.name, s]))).values()],
  tools: Object.assign({}, ...reports.map(({ tools }) => tools)),
  text: reports.flatMap(({ text }) => (text === undefined || text === '' ? [] : [text])).join('\n'),
});

/** A report of figures and checks. */
export const reportOf = (figures: Report['figures'], checks: Report['checks'], text = ''): Report => ({
  figures,
  checks,
  skipped: [],
  tools: {},
  text,
});
