import type { Figure, Progress, Report } from '../cli/command.ts';

/** Something `popscan bench` measures. */
export interface Bench {
  /** One line. */
  readonly describe: string;
  /** Names of the parts that `--rows` can choose; without them the bench is one whole. */
  readonly rows?: readonly string[];
  /** Parts that run only where they are named. */
  readonly onDemand?: readonly string[];
  readonly run: (options: BenchOptions, progress: Progress) => Promise<Report>;
}

export interface BenchOptions {
  readonly threads: number;
  /** The parts to measure, of `Bench.rows`. */
  readonly rows: readonly string[];
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
  skipped: reports.flatMap(({ skipped }) => skipped),
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
