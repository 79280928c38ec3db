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

async function engines(design: Design, progress: Progress): Promise<Engine[]> {
  const printed = printVerilog(design);
  const files = Object.fromEntries(printed.files.map((f) => [f.name, f.text]));
  const onProgress = (what: string): void => progress(`utilisation: verilator: ${what}`);
  const simulator = createSimulator(design.module, { properties: 'throw' });
  return [simulator, await createVerilator({ files, top: printed.top, module: design.module, onProgress })];
}

export async function utilisation(progress: Progress): Promise<Report> {
  const figures: Figure[] = [];
  const checks: Check[] = [];
  const tools: Record<string, { version: string; how: string }> = {};
  const p: MatmulParameters = { ...planned().parameters, cells: 'portable' };
  const all = await engines(bundle('top', { matmul: matmulArray(p) }), progress);
  try {
    for (const [size, config] of Object.entries(releasedConfigs)) {
      const matrices = layer(config);
      const random = createRandom(27);
      const jobs = matrices.map((m) => realJob(m, p, random));
      const work = { planes: 1, tokens: 1, order: jobs[0]!.order };
      const plan = schedule(
        p,
        matrices.map(({ rows, cols }) => ({ ...work, rows, cols })),
      );
      const useful = matrices.reduce((sum, m) => sum + m.rows * m.cols, 0);
      for (const engine of all) {
        progress(`utilisation: ${size} in ${engine.name}`);
        const { cycles, verdicts } = countCycles(engine, matmulBench(jobs, p, false));
        const share = useful / (cycles * p.lanes * p.columns);
        const wrong = verdicts.find((v) => v.mismatch !== undefined)?.mismatch?.text;
        const name = `${engine.name}.${size}`;
        figures.push({ name: `${name}.utilisation`, value: share, unit: 'useful of all MACs', kind: 'simulated' });
        figures.push({ name: `${name}.cycles`, value: cycles, unit: 'cycles', kind: 'simulated' });
        checks.push(
          {
            name: `${engine.name}: utilisation of in_proj and out_proj, ${size}`,
            ok: share >= bound,
            detail: `${(100 * share).toFixed(2)} %, at least ${100 * bound} %`,
          },
          {
            name: `${engine.name}: cycles as planned, results right, ${size}`,
            ok: cycles === plan.cycles && wrong === undefined,
            detail: wrong ?? `${cycles} cycles, ${plan.cycles} planned`,
          },
        );
      }
    }
    for (const e of all.slice(1)) tools[e.name] = { version: e.name, how: 'native' };
  } finally {
    for (const engine of all) engine.close();
  }
  return { figures, checks, skipped: [], tools, text: `utilisation: ${p.engine} engine, ${p.lanes} x ${p.columns}` };
}
