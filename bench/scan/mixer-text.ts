/** Real text through convolution, norm, residual and mixer: simulator, Verilator and golden bit for bit, stalls on every stream. */
import { fileURLToPath } from 'node:url';
import type { Check, Progress, Report } from '../../cli/command.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { loadModel } from '../../golden/index.ts';
import { type Choices, defaultChoices, unitParameters } from '../../hw/index.ts';
import { type ModelJobs, modelJobs } from '../../verify/jobs-model.ts';
import { openBench, run } from '../../verify/run.ts';
import { textTokens } from '../../verify/text.ts';
import { type Unit, verifiedUnits } from '../../verify/units.ts';
import { joinReports, reportOf } from '../bench.ts';

interface TextRun {
  readonly model: 'nano' | 'tiny';
  readonly tokens: number;
  /** Only this layer. */
  readonly layer?: number;
}

const runs: readonly TextRun[] = [
  { model: 'nano', tokens: 64 },
  { model: 'tiny', tokens: 64 },
  { model: 'nano', tokens: 4096, layer: 0 },
];
const units: readonly Unit[] = ['conv', 'norm', 'residual', 'mixer'];
const choices: Choices = { ...defaultChoices, scanLanes: 16, scanRows: 8 };
const stall = 0.3;
const at = (path: string): string => fileURLToPath(new URL(`../../models/${path}`, import.meta.url));

/** The jobs of one layer alone. */
function ofLayer(jobs: ModelJobs, layer: number): ModelJobs {
  const here = <T extends { readonly group: string }>(all: readonly T[]): T[] =>
    all.filter((j) => j.group.startsWith(`layer ${layer} `));
  const { conv, norm, residual, mixer } = jobs;
  return {
    ...jobs,
    ...{ conv: here(conv), norm: here(norm), residual: here(residual), mixer: here(mixer) },
  };
}

async function runText({ model, tokens, layer }: TextRun, progress: Progress): Promise<Report> {
  const loaded = await loadModel(at(model));
  const parameters = unitParameters(loaded.config, choices, defaultNumerics);
  const ids = await textTokens(at('kjv-val.txt'), 1000, tokens, loaded.config.vocabSize);
  const all = modelJobs(loaded, ids, defaultNumerics, units);
  const jobs = layer === undefined ? all : ofLayer(all, layer);
  const bench = await openBench(units, parameters, {
    engines: ['sim', 'verilator'],
    how: 'auto',
    fault: undefined,
    progress,
  });
  try {
    const benches = units.map((unit) => verifiedUnits[unit].real(parameters, jobs, false));
    const done = run(bench, benches, { stall, seed: 7, wave: undefined, progress });
    const wrong = done.verdicts.flatMap((v) => (v.mismatch === undefined ? [] : [`${v.label}: ${v.mismatch.text}`]));
    if (done.mismatch !== undefined) wrong.push(`engines differ in cycle ${done.mismatch.cycle}`);
    if (done.stuck !== undefined) wrong.push(done.stuck);
    const words = done.verdicts.reduce((sum, v) => sum + v.words, 0);
    const what = `${model}, ${layer === undefined ? 'all layers' : `layer ${layer}`}, ${tokens} tokens`;
    const check: Check = {
      name: `${units.join(', ')}: ${what}: simulator = Verilator = fixed golden, stalls on every stream`,
      ok: wrong.length === 0,
      detail: wrong[0] ?? `${words} words, ${done.cycles} cycles: 0 differ, 0 allowed`,
    };
    const name = `mixer_text.${model}_${tokens}.vectors`;
    const report = reportOf([{ name, value: words, unit: 'result words', kind: 'simulated' }], [check]);
    return { ...report, tools: bench.tools };
  } finally {
    bench.close();
  }
}

export async function mixerText(progress: Progress): Promise<Report> {
  const reports: Report[] = [];
  for (const work of runs) reports.push(await runText(work, progress));
  return joinReports(reports);
}
