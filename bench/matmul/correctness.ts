/** Results of both engines against golden's integers: all small sizes, large ones, and the layers of the trained models, with pauses on every stream. */

import { bundled } from '../../cli/bundled.ts';
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import { bundle } from '../../gen/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { loadModel } from '../../golden/index.ts';
import { defaultChoices, type MatmulParameters, matmulArray, orderOf, unitParameters } from '../../hw/index.ts';
import { createRandom, createSimulator } from '../../sim/index.ts';
import { matmulBench } from '../../verify/bench-matmul.ts';
import { countCycles } from '../../verify/count-cycles.ts';
import type { MatmulJob } from '../../verify/job.ts';
import { randomMatmulJob } from '../../verify/jobs-corner.ts';
import { modelJobs } from '../../verify/jobs-model.ts';
import { textTokens } from '../../verify/text.ts';

const stall = 0.2;

/** The same array with either engine. */
const bothEngines = (p: MatmulParameters): readonly MatmulParameters[] => [
  { ...p, storedRows: p.maxRows },
  { ...p, engine: 'table', storedRows: p.maxRows, drain: p.lanes },
];

const small: MatmulParameters = {
  ...{ lanes: 8, columns: 16, segment: 8, load: 8, tokens: 1, drain: 2, planes: 1, maxShift: 4 },
  ...{ maxRows: 80, maxColumns: 80, numerics: defaultNumerics.matmul },
};

function everySize(p: MatmulParameters): MatmulJob[] {
  const random = createRandom(80);
  const sizes = Array.from({ length: 80 }, (_, i) => i + 1);
  return sizes.flatMap((rows) => sizes.map((cols) => randomMatmulJob(p, random, rows, cols, 'every size')));
}

const large: MatmulParameters = {
  ...{ lanes: 12, columns: 64, segment: 32, load: 16, tokens: 1, drain: 4, planes: 2, maxShift: 6 },
  ...{ maxRows: 400, maxColumns: 700, numerics: defaultNumerics.matmul },
};

function larger(p: MatmulParameters): MatmulJob[] {
  const random = createRandom(500);
  const size = (most: number): number => 81 + random.below(most - 80);
  return Array.from({ length: 500 }, () => randomMatmulJob(p, random, size(p.maxRows), size(p.maxColumns), 'larger'));
}

interface Outcome {
  readonly results: number;
  readonly wrong: readonly string[];
}

/** Runs jobs, as many at a time as fit in memory. */
function run(p: MatmulParameters, jobs: readonly MatmulJob[], faulty = false): Outcome {
  const engine = createSimulator(bundle('top', { matmul: matmulArray(p) }).module, { properties: 'throw' });
  const wrong: string[] = [];
  let results = 0;
  for (let i = 0; i < jobs.length; i += 400) {
    const { verdicts } = countCycles(engine, matmulBench(jobs.slice(i, i + 400), p, faulty && i === 0), stall);
    results += verdicts.reduce((sum, v) => sum + v.words, 0);
    wrong.push(...verdicts.flatMap((v) => (v.mismatch === undefined ? [] : [`${v.label}: ${v.mismatch.text}`])));
  }
  engine.close();
  return { results, wrong };
}

async function modelWork(name: 'nano' | 'tiny'): Promise<{ p: MatmulParameters; jobs: readonly MatmulJob[] }> {
  const model = await loadModel(bundled(`models/${name}`));
  const tokens = await textTokens(bundled('models/kjv-val.txt'), 1000, 2, model.config.vocabSize);
  const { matmul: jobs } = modelJobs(model, tokens, defaultNumerics, ['matmul']);
  return { p: unitParameters(model.config, { ...defaultChoices, lanes: 16 }, defaultNumerics).matmul, jobs };
}

export async function correctness(progress: Progress): Promise<Report> {
  const figures: Figure[] = [];
  const checks: Check[] = [];
  const judge = (name: string, p: MatmulParameters, jobs: readonly MatmulJob[]): void => {
    const engine = p.engine ?? 'popcount';
    progress(`${engine}, ${name}`);
    const { results, wrong } = run(p, jobs);
    const key = `${engine}.${name.replace(/[^a-z0-9]+/gi, '_')}`;
    figures.push({ name: `${key}.vectors`, value: results, unit: 'results compared', kind: 'simulated' });
    const detail = wrong[0] ?? `${jobs.length} matrices, ${results} results, no mismatch`;
    checks.push({ name: `${engine}: ${name}`, ok: wrong.length === 0 && results > 0, detail });
  };
  for (const p of bothEngines(small)) judge('every size 1 to 80 x 1 to 80', p, everySize(p));
  for (const p of bothEngines(large)) judge('500 larger matrices', p, larger(p));
  for (const name of ['nano', 'tiny'] as const) {
    const { p, jobs } = await modelWork(name);
    for (const q of bothEngines(p)) {
      const order = orderOf(q);
      judge(
        `layers of ${name}`,
        q,
        jobs.map((job) => ({ ...job, order })),
      );
    }
  }
  const fault = run(small, everySize(small).slice(0, 400), true);
  checks.push({
    name: 'a flipped weight bit is found',
    ok: fault.wrong.length === 1,
    detail: fault.wrong[0] ?? 'nothing was found',
  });
  return { figures, checks, skipped: [], tools: {} };
}
