/** A whole verification of a model's units: jobs, engines, two runs (real work at full speed, corner cases with stalls). */
import { defaultNumerics } from '../golden/fixed/index.ts';
import { loadModel, type Model, projectionForm, type ZeroChoice } from '../golden/index.ts';
import { type Choices, type UnitParameters, unitParameters } from '../hw/index.ts';
import { type Coverage, type CoverageCollector, collectCoverage, createRandom, storeCoverage } from '../sim/index.ts';
import { type Fault, unitOf } from './faults.ts';
import type { Deviation } from './job.ts';
import { modelJobs } from './jobs-model.ts';
import { drawDrops } from './pauses.ts';
import { notPlanted, VerifyProblem } from './problem.ts';
import { type Bench, type EngineName, openBench, type Run, run, type VerilatorChoice, type Watch } from './run.ts';
import { textTokens } from './text.ts';
import { type Unit, unitNames, verifiedUnits } from './units.ts';

export interface VerifyOptions {
  readonly model: string;
  readonly zeros: ZeroChoice;
  /** Undefined: all. */
  readonly units: readonly Unit[] | undefined;
  readonly engines: readonly EngineName[];
  readonly how: VerilatorChoice;
  readonly choices: Choices;
  readonly tokens: number;
  readonly text: string;
  readonly offset: number;
  /** Random matrices and sequences in the run of corner cases; undefined: there is no such run. */
  readonly random: number | undefined;
  /** Probability of a pause of every stream in every cycle while the model's own activations run; default 0. */
  readonly stall?: number;
  readonly seed: number;
  /** Where a waveform goes when something is wrong; undefined: it is not looked into. */
  readonly wave: string | undefined;
  readonly fault: Fault | undefined;
  /** Compares all named registers, too. */
  readonly registers?: boolean;
  /** A folder that coverage is added to. */
  readonly coverage?: string | undefined;
  /** Looks at the simulator, where no coverage is asked for. */
  readonly watch?: Watch;
  readonly progress: (line: string) => void;
  /** Whether to end soon, with what there is. */
  readonly stopped?: () => boolean;
}

export interface Verification {
  readonly parameters: UnitParameters;
  readonly tools: Bench['tools'];
  readonly engines: readonly string[];
  /** Assertions and assumptions that the simulator checked in every cycle, and violations; undefined without simulator. */
  readonly properties?: { readonly count: number; readonly violations: number } | undefined;
  /** Cells of the netlist, where it ran. */
  readonly cells?: number | undefined;
  /** The model's own activations, streams at full speed. */
  readonly real: Run;
  /** Corner and random cases behind work that was dropped, with all kinds of pauses of the streams; the same as `real` where these did not run. */
  readonly corner: Run;
  readonly deviations: readonly Deviation[];
  readonly saturations: number;
  /** Registers were ports, which have no value before they take one. */
  readonly registers?: boolean | undefined;
  /** Of this run and all before it in the folder. */
  readonly coverage?: Coverage | undefined;
}

export async function verifyModel(o: VerifyOptions): Promise<Verification> {
  const { fault, progress } = o;
  checkOptions(o);
  progress(`loading ${o.model}`);
  const model: Model = await loadModel(o.model, { zeros: o.zeros });
  const { units = unitNames } = o;
  const form = projectionForm(model, defaultNumerics.denseBits);
  const parameters = unitParameters(model.config, { ...o.choices, ...form }, defaultNumerics);
  const tokens = await textTokens(o.text, o.offset, o.tokens, model.config.vocabSize);
  progress(`float model: ${o.tokens} tokens`);
  const jobs = modelJobs(model, tokens, defaultNumerics, units);
  let collector: CoverageCollector | undefined;
  const cover: Watch = (simulator, design) => {
    collector = collectCoverage(simulator, design);
    return collector.sample;
  };
  const bench = await openBench(units, parameters, { ...o, watch: o.coverage === undefined ? o.watch : cover });
  try {
    const flip = fault === 'weight-bit';
    const random = createRandom(o.seed);
    const options = { seed: o.seed, wave: o.wave, progress, stopped: o.stopped };
    const first = run(
      bench,
      units.map((u) => verifiedUnits[u].real(parameters, jobs, flip)),
      { ...options, stall: o.stall ?? 0 },
    );
    const { random: count } = o;
    const second =
      first.mismatch === undefined && !first.stopped && count !== undefined
        ? run(
            bench,
            units.map((u) => verifiedUnits[u].corner(parameters, random, count)),
            {
              ...options,
              stall: 'changing',
              dropped: drawDrops(random, 2),
              wave: first.finding === undefined ? o.wave : undefined,
            },
          )
        : first;
    const seen = collector?.result();
    return {
      registers: o.registers,
      coverage: seen && storeCoverage(o.coverage!, seen),
      parameters,
      tools: bench.tools,
      engines: bench.engines.map((e) => e.name),
      properties: bench.properties && { count: bench.properties.count, violations: bench.properties.violations() },
      cells: bench.cells,
      real: first,
      corner: second,
      deviations: jobs.deviations,
      saturations: jobs.saturations,
    };
  } finally {
    bench.close();
  }
}

function checkOptions({ units, engines, fault, coverage, tokens, random, seed, offset }: VerifyOptions): void {
  if (fault === 'printed-sum' && !engines.includes('verilator') && !engines.includes('netlist'))
    throw notPlanted('only an engine that runs the printed Verilog sees it');
  if (coverage !== undefined && !engines.includes('sim'))
    throw new VerifyProblem(
      'coverage-engine',
      'coverage is what our simulator sees',
      '--coverage',
      '--engines with sim',
      engines.join(','),
      'add sim to --engines',
    );
  if (fault === 'netlist-table' && !engines.includes('netlist'))
    throw notPlanted('it sits in the netlist, which is not made', 'add --post-synthesis');
  const whole = (name: string, value: number, low: number): void => {
    if (Number.isSafeInteger(value) && value >= low) return;
    throw new VerifyProblem(
      'option-range',
      `--${name} is out of range`,
      `--${name}`,
      `a whole number from ${low}`,
      `${value}`,
      'correct it',
    );
  };
  whole('tokens', tokens, 1);
  whole('random', random ?? 0, 0);
  whole('seed', seed, 0);
  whole('offset', offset, 0);
  const unit = fault && unitOf[fault];
  if (unit !== undefined && units?.includes(unit) === false) {
    const needs = `--unit ${unit}`;
    throw new VerifyProblem(
      'fault-unit',
      `the fault ${fault} sits in another unit`,
      '--plant',
      needs,
      units.join(','),
      `add ${needs}`,
    );
  }
}
