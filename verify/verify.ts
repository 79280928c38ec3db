/** A whole verification of a model's units: jobs, engines, two runs (real work at full speed, corner cases with stalls). */
import { defaultNumerics } from '../golden/fixed/index.ts';
import { hasRowScales, loadModel, type Model, type ZeroChoice } from '../golden/index.ts';
import { type Choices, type UnitParameters, unitParameters } from '../hw/index.ts';
import { type Coverage, createRandom, storeCoverage } from '../sim/index.ts';
import { type Fault, unitOf } from './faults.ts';
import type { Deviation } from './job.ts';
import { modelJobs } from './jobs-model.ts';
import { notPlanted, VerifyProblem } from './problem.ts';
import { type Bench, type EngineName, openBench, type Run, run, type VerilatorChoice } from './run.ts';
import { textTokens } from './text.ts';
import { type Unit, verifiedUnits } from './units.ts';

export interface VerifyOptions {
  readonly model: string;
  readonly zeros: ZeroChoice;
  readonly units: readonly Unit[];
  readonly engines: readonly EngineName[];
  readonly how: VerilatorChoice;
  readonly choices: Choices;
  readonly tokens: number;
  readonly text: string;
  readonly offset: number;
  /** Random matrices and sequences. */
  readonly random: number;
  readonly seed: number;
  readonly wave: string;
  readonly fault: Fault | undefined;
  /** Compares all named registers, too. */
  readonly registers?: boolean;
  /** A folder that coverage is added to. */
  readonly coverage?: string | undefined;
  readonly progress: (line: string) => void;
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
  /** Corner and random cases, every stream stalling at random. */
  readonly corner: Run;
  readonly deviations: readonly Deviation[];
  readonly saturations: number;
  /** Registers were ports, which have no value before they take one. */
  readonly registers?: boolean | undefined;
  /** Of this run and all before it in the folder. */
  readonly coverage?: Coverage | undefined;
}

/** Probability of a pause in the corner run. */
const stall = 0.3;

export async function verifyModel(o: VerifyOptions): Promise<Verification> {
  const { units, fault, progress } = o;
  checkOptions(o);
  progress(`loading ${o.model}`);
  const model: Model = await loadModel(o.model, { zeros: o.zeros });
  const parameters = unitParameters(model.config, { ...o.choices, rowScales: hasRowScales(model) }, defaultNumerics);
  const tokens = await textTokens(o.text, o.offset, o.tokens, model.config.vocabSize);
  progress(`float model: ${o.tokens} tokens`);
  const jobs = modelJobs(model, tokens, defaultNumerics, units);
  const bench = await openBench(units, parameters, { ...o, coverage: o.coverage !== undefined });
  try {
    const flip = fault === 'weight-bit';
    const random = createRandom(o.seed);
    const options = { seed: o.seed, wave: o.wave, progress };
    const first = run(
      bench,
      units.map((u) => verifiedUnits[u].real(parameters, jobs, flip)),
      { ...options, stall: 0 },
    );
    const second =
      first.mismatch === undefined
        ? run(
            bench,
            units.map((u) => verifiedUnits[u].corner(parameters, random, o.random, jobs)),
            { ...options, stall, wave: first.finding === undefined ? o.wave : undefined },
          )
        : first;
    const seen = o.coverage === undefined ? undefined : bench.collector?.result();
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
    throw notPlanted('it sits in the netlist, which runs with --post-synthesis');
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
  whole('random', random, 0);
  whole('seed', seed, 0);
  whole('offset', offset, 0);
  const unit = fault && unitOf[fault];
  if (unit !== undefined && !units.includes(unit)) {
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
