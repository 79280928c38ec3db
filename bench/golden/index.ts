/** What golden/ promises, row by row: right against other implementations, exact, fast enough, safe with any file. */
import type { Bench } from '../bench.ts';
import { accuracy } from './accuracy.ts';
import { isolated } from './isolate.ts';
import { fixed, windows16k } from './precision.ts';
import { traces } from './traces.ts';

/** Rows that count memory, or load all there is, run in a process of their own. */
export const golden: Bench = {
  describe: 'the golden model: bits per byte, logits, fixed against floating point, decode of 2.7B, hostile files',
  rows: {
    bits_per_byte: accuracy,
    logits: traces,
    fixed,
    windows_16k: windows16k,
    decode: isolated('decode'),
    pytorch: isolated('pytorch'),
    mutants: isolated('mutants'),
  },
};
