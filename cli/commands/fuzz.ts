/** `popscan fuzz`: random modules, equal in every engine on every output in every cycle. */
import {
  defaultBundle,
  type EngineName,
  engineNames,
  type Failure,
  type FuzzEngine,
  type FuzzResult,
  findEngine,
  fuzz,
  missingEngine,
  shrink,
  verilogOf,
} from '../../sim/fuzz/index.ts';
import { pace } from '../../sim/pace.ts';
import type { Command, Progress, Report, Skipped } from '../command.ts';
import { listOf } from '../list.ts';
import { wholeNumber } from '../options.ts';
import { unfinished } from '../unfinished.ts';

interface Args {
  readonly modules: number;
  readonly seed: number;
  readonly first: number;
  readonly cycles: number;
  readonly bundle: number;
  readonly engines: string | undefined;
}

const most = { modules: 10_000_000, seed: 2 ** 31 - 1, cycles: 100_000, bundle: 1000 };

export const fuzzCommand: Command<Args> = {
  command: 'fuzz',
  describe: 'Compare random modules in all simulators, and shrink what differs',
  builder: (y) =>
    y
      .usage(
        [
          'popscan fuzz [--modules N] [--seed S] [--engines E]',
          '',
          'Draws random modules over all primitives, widths of 1 to 200 bits, registers, memories, instances, two',
          'clocks and both kinds of reset, runs them on random inputs, and compares every output in every cycle',
          'with the first engine. A module that differs is shrunk and printed.',
        ].join('\n'),
      )
      .option('modules', { group: 'Work:', type: 'number', default: 200, describe: 'how many modules' })
      .option('seed', { group: 'Work:', type: 'number', default: 1, describe: 'which modules' })
      .option('first', { group: 'Work:', type: 'number', default: 0, describe: 'number of the first module' })
      .option('cycles', { group: 'Work:', type: 'number', default: 100, describe: 'cycles that each module runs' })
      .option('bundle', { group: 'Work:', type: 'number', default: defaultBundle, describe: 'modules in one build' })
      .option('engines', {
        group: 'Engines:',
        type: 'string',
        defaultDescription: 'all that are found',
        describe: engineNames.join(', '),
      })
      .example('popscan fuzz --modules 1000 --seed 7', '')
      .example('popscan fuzz --modules 1 --seed 7 --first 123 --engines sim,icarus', 'one module again'),
  interruptible: true,
  run: async (a, progress, { interrupted }) => {
    const options = {
      modules: wholeNumber('--modules', a.modules, 1, most.modules),
      seed: wholeNumber('--seed', a.seed, 0, most.seed),
      first: wholeNumber('--first', a.first, 0, most.modules),
      cycles: wholeNumber('--cycles', a.cycles, 1, most.cycles),
      bundle: wholeNumber('--bundle', a.bundle, 1, most.bundle),
    };
    const wanted = a.engines === undefined ? undefined : listOf('--engines', a.engines, engineNames);
    const { engines, tools, skipped } = await openEngines(wanted);
    const start = performance.now();
    const rate = pace('modules', options.modules);
    const run = { ...options, engines, stopped: interrupted };
    const result = await fuzz({ ...run, progress: (done) => progress(rate(done)) });
    const seconds = (performance.now() - start) / 1000;
    const failed = (name: string) => result.failures.filter((f) => f.engine === name);
    const crashed = (name: string) => result.crashes.filter((f) => f.engine === name).map((f) => f.case.index);
    const [leader, ...others] = engines.map((e) => e.name);
    const text = await explain(result.failures, run, progress);
    return {
      figures: [
        { name: 'modules', value: result.modules, unit: 'modules', kind: 'simulated' },
        { name: 'mismatches', value: result.failures.length, unit: 'modules', kind: 'simulated' },
        { name: 'cycles', value: options.cycles, unit: 'cycles per module', kind: 'simulated' },
        ...others.map((name) => ({
          ...{ name: `${name}.share`, unit: 'of the modules', kind: 'simulated' as const },
          value: result.modules === 0 ? 0 : result.taken.get(name)! / result.modules,
        })),
        { name: 'modules_per_second', value: result.modules / seconds, unit: 'modules/s', kind: 'measured' },
      ],
      checks: [
        ...(interrupted() ? unfinished('all modules were compared', result.modules, options.modules) : []),
        ...others.map((name) => ({
          name: `${name} = ${leader}`,
          ok: failed(name).length === 0,
          detail: `${result.taken.get(name)} modules${leftOut(name, result, crashed(name))}${failed(name).map((f) => `; module ${f.case.index}: ${what(f, run)}`)}`,
        })),
      ],
      skipped,
      tools,
      text,
    } satisfies Report;
  },
};

/** Which modules an engine did not run, and why. */
function leftOut(name: string, { modules, taken }: FuzzResult, crashed: readonly number[]): string {
  const refused = modules - taken.get(name)! - crashed.length;
  const language = name === 'firtool' ? 'FIRRTL' : name;
  const unsayable = refused === 0 ? '' : `; ${refused} have initial values, which ${language} cannot say`;
  if (crashed.length === 0) return unsayable;
  return `${unsayable}; its tool ended with an internal error of its own on ${crashed.length} (${crashed.join(', ')})`;
}

/** The engines asked for, which must be there, or all that are. */
async function openEngines(wanted: readonly EngineName[] | undefined) {
  const engines: FuzzEngine[] = [];
  const tools: Record<string, { version: string; how: string }> = {};
  const skipped: Skipped[] = [];
  for (const name of wanted ?? engineNames) {
    const found = await findEngine(name);
    if ('engine' in found) {
      engines.push(found.engine);
      tools[name] = found.tool;
    } else if (wanted !== undefined) throw missingEngine(name, found.get);
    else skipped.push({ name, why: 'not found', get: found.get });
  }
  return { engines, tools, skipped };
}

/** The first failure, shrunk, as people want to see it. */
async function explain(
  failures: readonly Failure[],
  run: Parameters<typeof shrink>[1],
  progress: Progress,
): Promise<string> {
  const [first] = failures;
  if (first === undefined) return '';
  const found = await shrink(first, run, (nodes) => progress(`shrinking module ${first.case.index}: ${nodes} nodes`));
  const { files } = verilogOf(found.case.module);
  const again = `popscan fuzz --modules 1 --seed ${run.seed} --first ${first.case.index} --cycles ${run.cycles} --engines ${run.engines[0]!.name},${first.engine}`;
  return [
    `module ${first.case.index} of seed ${run.seed} in ${first.engine}: ${what(first, run)}`,
    `smallest module found that fails: ${what(found, run)}`,
    ...Object.values(files),
    `again: ${again}`,
    ...failures.slice(1).map((f) => `module ${f.case.index} in ${f.engine}: ${what(f, run)}`),
  ].join('\n\n');
}

function what(failure: Failure, run: Parameters<typeof shrink>[1]): string {
  if ('message' in failure) return `refused: ${failure.message}`;
  const { port, cycle } = failure;
  if (failure.kind === 'unknown') return `${port} has unknown bits in cycle ${cycle}`;
  const [expected, found] = failure.values;
  return `${port} is ${found} in cycle ${cycle}, and ${expected} in ${run.engines[0]!.name}`;
}
