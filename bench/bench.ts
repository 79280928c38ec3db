import type { Progress, Report } from '../cli/command.ts';

/** Something `popscan bench` measures. */
export interface Bench {
  /** One line. */
  readonly describe: string;
  readonly run: (options: BenchOptions, progress: Progress) => Promise<Report>;
}

export interface BenchOptions {
  readonly threads: number;
}
