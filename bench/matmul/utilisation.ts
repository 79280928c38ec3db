/** Useful of all multiply-accumulates over in_proj and out_proj of the released sizes, counted in our simulator and in Verilator. */
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import { bundle, type Design, printVerilog } from '../../gen/index.ts';
import { largest, smallest, type TiledVector, tiledProduct } from '../../golden/fixed/index.ts';
import { releasedConfigs } from '../../golden/index.ts';
import { type MatmulParameters, matmulArray, type NamedMatrix, orderOf, schedule } from '../../hw/index.ts';
import { createRandom, createSimulator, createVerilator, type Engine, type Random } from '../../sim/index.ts';
import { matmulBench } from '../../verify/bench-matmul.ts';
import { countCycles } from '../../verify/count-cycles.ts';
import type { MatmulJob } from '../../verify/job.ts';
import { joinReports, reportOf } from '../bench.ts';
import { layer, planned } from './arrays.ts';

const bound = 0.95;

/** Random signs and activations of the size of a real layer. */
function realJob({ name, rows, cols }: NamedMatrix, p: MatmulParameters, random: Random): MatmulJob {
  const rowWords = cols / 32;
  const signs = Uint32Array.from({ length: rows * rowWords }, () => random.below(2 ** 32));
  const matrix = { rows, cols, planes: [{ rows, cols, rowWords, signs }] };
  const bits = p.numerics.activationBits;
  const value = (): number => smallest(bits) + random.below(largest(bits) - smallest(bits) + 1);
  const vector: TiledVector = {
    q: Int32Array.from({ length: cols }, value),
    ...{ from: 0, to: cols, tile: cols, shifts: new Int32Array(1), round: 0, bias: value() },
  };
  const order = orderOf(p);
  const expected = [tiledProduct(matrix, vector, p.numerics.resultFraction)];
  return { group: name, label: name, matrix, coding: 'signs', order, vectors: [vector], expected };
}

async function verilator(design: Design, progress: Progress) {
  const printed = printVerilog(design);
  const files = Object.fromEntries(printed.files.map((f) => [f.name, f.text]));
  const onProgress = (what: string): void => progress(`verilator: ${what}`);
  return createVerilator({ files, top: printed.top, module: design.module, onProgress });
}

/** The planned array of an engine on a layer of each size. */
function runLayers(p: MatmulParameters, engines: readonly Engine[], progress: Progress): Report {
  const figures: Figure[] = [];
  const checks: Check[] = [];
  for (const [size, config] of Object.entries(releasedConfigs)) {
    const matrices = layer(config);
    const random = createRandom(27);
    const jobs = matrices.map((m) => realJob(m, p, random));
    const work = { planes: 1, tokens: 1, order: orderOf(p) };
    const plan = schedule(
      p,
      matrices.map(({ rows, cols }) => ({ ...work, rows, cols })),
    );
    const useful = matrices.reduce((sum, m) => sum + m.rows * m.cols, 0);
    for (const engine of engines) {
      progress(`${p.engine}, ${size} in ${engine.name}`);
      const { cycles, verdicts } = countCycles(engine, matmulBench(jobs, p, false));
      const share = useful / (cycles * p.lanes * p.columns);
      const wrong = verdicts.find((v) => v.mismatch !== undefined)?.mismatch?.text;
      const key = `${engine.name}.${p.engine}.${size}`;
      figures.push({ name: `${key}.utilisation`, value: share, unit: 'useful of all MACs', kind: 'simulated' });
      figures.push({ name: `${key}.cycles`, value: cycles, unit: 'cycles', kind: 'simulated' });
      const what = `${engine.name}, ${p.engine}: in_proj and out_proj of ${size}`;
      const percent = `${(100 * share).toFixed(2)} %`;
      checks.push({
        name: `${what}: utilisation`,
        ok: share >= bound,
        detail: `${percent}, at least ${100 * bound} %`,
      });
      checks.push({
        name: `${what}: cycles as planned, results right`,
        ok: cycles === plan.cycles && wrong === undefined,
        detail: wrong ?? `${cycles} cycles, ${plan.cycles} planned`,
      });
    }
  }
  return reportOf(figures, checks, `utilisation: ${p.engine} engine, ${p.lanes} x ${p.columns}`);
}

/** The engine that the planner takes in both engines of simulation; the other one in our simulator. */
export async function utilisation(progress: Progress): Promise<Report> {
  const chosen = planned().parameters.engine;
  const reports: Report[] = [];
  for (const engine of ['table', 'popcount'] as const) {
    const p: MatmulParameters = { ...planned(engine).parameters, cells: 'portable' };
    const design = bundle('top', { matmul: matmulArray(p) });
    const sim = createSimulator(design.module, { properties: 'throw' });
    const other = engine === chosen ? await verilator(design, progress) : undefined;
    try {
      const report = runLayers(p, other === undefined ? [sim] : [sim, other], progress);
      const tools = other === undefined ? {} : { verilator: { version: other.version, how: other.how } };
      reports.push({ ...report, tools });
    } finally {
      sim.close();
      other?.close();
    }
  }
  return joinReports(reports);
}
