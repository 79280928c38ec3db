/** What golden/ promises, row by row: right against other implementations, exact, fast enough, safe with any file. */
import type { Progress, Report } from '../../cli/command.ts';
import { type Bench, type BenchOptions, joinReports } from '../bench.ts';
import { accuracy } from './accuracy.ts';
import { isolated } from './isolate.ts';
import { fixed, windows16k } from './precision.ts';
import { traces } from './traces.ts';

/** A part of the bench: some figures, and one check for each bound. */
export type Row = (options: BenchOptions, progress: Progress) => Promise<Report>;

/** Those that count memory, or load all there is, run in a process of their own. */
const ROWS: Readonly<Record<string, Row>> = {
  bits_per_byte: accuracy,
  logits: traces,
  fixed,
  windows_16k: windows16k,
  decode: isolated('decode'),
  pytorch: isolated('pytorch'),
  mutants: isolated('mutants'),
};

export const golden: Bench = {
  describe: 'the golden model: bits per byte, logits, fixed against floating point, decode of 2.7B, hostile files',
  rows: Object.keys(ROWS),
  async run(options, progress) {
    const reports: Report[] = [];
    for (const name of options.rows) reports.push(await ROWS[name]!(options, (line) => progress(`${name}: ${line}`)));
    return joinReports(reports);
  },
};
