/** Real text through every layer, and a long one through one: simulator, Verilator and golden bit for bit, stalls on every stream. */
import { fileURLToPath } from 'node:url';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { loadModel } from '../../golden/index.ts';
import { type Choices, defaultChoices, unitParameters } from '../../hw/index.ts';
import { scanBench } from '../../verify/bench-scan.ts';
import { modelJobs } from '../../verify/jobs-model.ts';
import { openBench, run } from '../../verify/run.ts';
import { textTokens } from '../../verify/text.ts';

export interface TextRun {
  readonly name: string;
  readonly model: 'nano' | 'tiny';
  readonly tokens: number;
  /** Only this layer. */
  readonly layer?: number;
}

export const textRuns: readonly TextRun[] = [
  { name: 'nano, all layers, 64 tokens', model: 'nano', tokens: 64 },
  { name: 'tiny, all layers, 64 tokens', model: 'tiny', tokens: 64 },
  { name: 'nano, layer 0, 4096 tokens', model: 'nano', tokens: 4096, layer: 0 },
];

export interface TextResult {
  readonly words: number;
  readonly cycles: number;
  /** What differed, if anything. */
  readonly wrong: readonly string[];
  readonly tools: Readonly<Record<string, { version: string; how: string }>>;
}

const choices: Choices = { ...defaultChoices, scanLanes: 16, scanRows: 8 };
const stall = 0.3;
const at = (path: string): string => fileURLToPath(new URL(`../../models/${path}`, import.meta.url));

export async function runText({ model, tokens, layer }: TextRun, progress: (l: string) => void): Promise<TextResult> {
  const loaded = await loadModel(at(model));
  const parameters = unitParameters(loaded.config, choices, defaultNumerics);
  const ids = await textTokens(at('kjv-val.txt'), 1000, tokens, loaded.config.vocabSize);
  const jobs = modelJobs(loaded, ids, defaultNumerics, ['scan']).scan;
  const chosen = layer === undefined ? jobs : jobs.filter((j) => j.layer === layer);
  const bench = await openBench(['scan'], parameters, {
    engines: ['sim', 'verilator'],
    how: 'auto',
    fault: undefined,
    progress,
  });
  try {
    const options = { stall, seed: 7, wave: undefined, progress };
    const done = run(bench, [scanBench(chosen, parameters.scan)], options);
    const words = done.verdicts.reduce((sum, v) => sum + v.words, 0);
    const wrong = done.verdicts.flatMap((v) => (v.mismatch === undefined ? [] : [`${v.label}: ${v.mismatch.text}`]));
    if (done.mismatch !== undefined)
      wrong.push(`cycle ${done.mismatch.cycle}: engines differ at ${done.mismatch.port}`);
    if (done.stuck !== undefined) wrong.push(done.stuck);
    return { words, cycles: done.cycles, wrong, tools: bench.tools };
  } finally {
    bench.close();
  }
}
