/** What became of planted faults, as a report: how many the vectors found, and every one that they did not. */
import { relative } from 'node:path';
import { describe, type Mutant, type Mutants, mutationKinds } from '../sim/mutate/index.ts';
import { yosysVersion } from '../sim/yosys.ts';
import { version } from '../verify/version.ts';
import type { Check, Report, Survivor } from './command.ts';
import { table } from './print.ts';
import { unfinished } from './unfinished.ts';

/** What the vectors must find of all faults that are not proved harmless. */
const leastKillRate = 0.98;

/** Of `count` faults that were asked for. */
export function mutationReport(r: Mutants, count: number, interrupted: boolean): Report {
  const survivors = r.mutants.filter((m) => m.outcome === 'survived').map(survivor);
  const different = r.mutants.length - r.equivalent;
  const checks: Check[] = [
    {
      name: `the vectors find at least ${100 * leastKillRate} % of the faults`,
      ok: r.killRate >= leastKillRate && r.mutants.length > 0,
      detail: `${r.killed} of ${different}, ${r.equivalent} proved harmless`,
    },
  ];
  if (interrupted) checks.push(...unfinished('all faults were planted', r.mutants.length, count));
  return {
    figures: [
      { name: 'mutants', value: r.mutants.length, unit: 'faults', kind: 'simulated' },
      { name: 'killed', value: r.killed, unit: 'faults', kind: 'simulated' },
      { name: 'equivalent', value: r.equivalent, unit: 'faults', kind: 'simulated' },
      { name: 'kill_rate', value: r.killRate, unit: 'of those not equivalent', kind: 'simulated' },
    ],
    checks,
    skipped: [],
    tools: { sim: { version, how: 'wasm' }, yosys: { version: yosysVersion(), how: 'wasm' } },
    survivors,
    text: [byKind(r), ...(survivors.length === 0 ? [] : ['', 'survivors:', ...survivors.map(line)])].join('\n'),
  };
}

function byKind({ mutants }: Mutants): string {
  const rows = mutationKinds.map((kind) => {
    const of = mutants.filter((m) => m.kind === kind);
    const count = (outcome: Mutant['outcome']) => `${of.filter((m) => m.outcome === outcome).length}`;
    return [kind, `${of.length}`, count('killed'), count('equivalent'), count('survived')];
  });
  return table(['fault', 'mutants', 'killed', 'equivalent', 'survived'], rows, [1, 2, 3, 4]);
}

function survivor(m: Mutant): Survivor {
  const at = m.location.resolve();
  const where = at === undefined ? undefined : `${relative('.', at.file)}:${at.line}:${at.column}`;
  return { kind: m.kind, what: describe(m), where };
}

const line = ({ what, where }: Survivor): string => `  ${where === undefined ? '' : `${where}  `}${what}`;
