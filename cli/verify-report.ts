/** A verification as a report: one check per layer and unit, one per follower, one per comparison with the float model. */

import { totals } from '../sim/index.ts';
import { findingText, type Run, type Verdict, type Verification } from '../verify/index.ts';
import type { Check, Figure, Report } from './command.ts';

/** A run with the name that its checks carry. */
interface Named {
  readonly name: string;
  readonly run: Run;
}

export function verifyReport(v: Verification): Report {
  const [leader, ...followers] = v.engines;
  const real = { name: 'real activations', run: v.real };
  const corner = { name: 'corner cases with stalls', run: v.corner };
  const named: readonly Named[] = v.real === v.corner ? [real] : [real, corner];
  const runs = named.map((n) => n.run);
  const checks = [
    ...named.flatMap((n) => goldenChecks(n, leader!)),
    ...followers.flatMap((f) => named.map((n) => lockStepCheck(n, f, leader!))),
    ...v.deviations.map((d): Check => {
      const detail = `error ${number(d.error)}, bound ${number(d.bound)}; relative rms ${number(d.relativeRms)}, bound ${number(d.relativeNoise)}`;
      return { name: `${d.group}: fixed golden = float golden within its bound`, ok: d.ok, detail };
    }),
    ...(v.properties === undefined ? [] : [propertyCheck(v.properties, leader!)]),
    saturationCheck(v.saturations),
    ...(v.engines.includes('icarus') && v.registers !== true ? named.map(unknownCheck) : []),
  ];
  return {
    figures: [...figures(v, runs), ...coverageFigures(v.coverage)],
    checks,
    skipped: [],
    tools: v.tools,
    text: text(v, runs),
  };
}

const propertyCheck = ({ count, violations }: NonNullable<Verification['properties']>, engine: string): Check => ({
  name: `assertions of the design hold in ${engine}`,
  ok: violations === 0,
  detail: `${count} assertions and assumptions, looked at in every cycle; ${violations} violated`,
});

/** Payloads that are not valid may have no value. */
const unknownCheck = ({ name, run: { unknown } }: Named): Check => ({
  name: `${name}: no X at a port after the reset`,
  ok: unknown === undefined,
  ...(unknown && { detail: `${unknown.port} has bits without a value in cycle ${unknown.cycle} in ${unknown.engine}` }),
});

function coverageFigures(coverage: Verification['coverage']): Figure[] {
  if (coverage === undefined) return [];
  const kinds = Object.entries(totals(coverage)).filter(([, { all }]) => all > 0);
  return [
    { name: 'coverage.cycles', value: coverage.cycles, unit: 'clock cycles in all runs', kind: 'simulated' },
    ...kinds.map(([kind, { met, all }]): Figure => {
      return { name: `coverage.${kind}`, value: met / all, unit: `of ${all}`, kind: 'simulated' };
    }),
  ];
}

const saturationCheck = (count: number): Check => ({
  name: 'no saturation in the fixed golden',
  ok: count === 0,
  detail: `${count} values clamped`,
});

const number = (x: number): string => (x === 0 ? '0' : x.toPrecision(3));

function goldenChecks({ name, run: r }: Named, engine: string): Check[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of r.verdicts) {
    const group = groups.get(verdict.group) ?? [];
    group.push(verdict);
    groups.set(verdict.group, group);
  }
  const checks = [...groups].map(([group, verdicts]): Check => {
    const wrong = verdicts.filter((x) => x.mismatch !== undefined);
    const words = verdicts.reduce((sum, x) => sum + x.words, 0);
    const first = wrong[0];
    const good = `${verdicts.length} vectors, ${words} result words`;
    const detail =
      first === undefined
        ? good
        : `${wrong.length} of ${verdicts.length} vectors wrong; first: ${first.label}, ${first.mismatch?.text}`;
    return { name: `${group}: ${engine} = fixed golden`, ok: first === undefined, detail };
  });
  const why = r.stuck ?? (r.stopped ? `interrupted after ${r.cycles} cycles` : undefined);
  return why === undefined
    ? checks
    : [...checks, { name: `${name}: ${engine} finishes its work`, ok: false, detail: why }];
}

function lockStepCheck({ name: work, run: r }: Named, follower: string, leader: string): Check {
  const name = `${work}: ${follower} = ${leader}, every output port, every cycle`;
  const m = r.mismatch;
  if (m === undefined) return { name, ok: true, detail: `${r.cycles} cycles, ${r.compared} port values` };
  const values = [...m.values].map(([engine, value]) => `${engine} ${value}`).join(', ');
  const wave = r.finding === undefined ? '' : `; waveform: ${r.finding.wave}`;
  return { name, ok: false, detail: `first difference in cycle ${m.cycle} at port ${m.port}: ${values}${wave}` };
}

function figures(v: Verification, runs: readonly Run[]): Figure[] {
  const sum = (of: (r: Run) => number): number => runs.reduce((s, r) => s + of(r), 0);
  const simulated = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'simulated' });
  const words = sum((r) => r.verdicts.reduce((s, x) => s + x.words, 0));
  const wrong = sum(
    (r) =>
      r.verdicts.filter((x) => x.mismatch !== undefined).length +
      (r.mismatch === undefined ? 0 : 1) +
      (r.stuck === undefined ? 0 : 1),
  );
  return [
    simulated('vectors', words, 'result words'),
    simulated('mismatches', wrong, 'vectors'),
    simulated(
      'cycles',
      sum((r) => r.cycles),
      'clock cycles',
    ),
    ...(v.properties === undefined
      ? []
      : [
          simulated('assertions', v.properties.count, 'properties'),
          simulated('assertion_violations', v.properties.violations, 'violations'),
        ]),
    ...(v.cells === undefined
      ? []
      : [{ name: 'netlist.cells', value: v.cells, unit: 'cells', kind: 'measured' } satisfies Figure]),
    ...v.real.units.flatMap((u) => [
      simulated(`${u.unit}.cycles`, u.cycles, 'clock cycles'),
      simulated(`${u.unit}.operations`, u.operations, u.operation),
      simulated(
        `${u.unit}.operations_per_cycle`,
        u.cycles === 0 ? 0 : u.operations / u.cycles,
        `${u.operation} per cycle`,
      ),
    ]),
  ];
}

/** Characters per line of waves. */
const width = 110;

function text(v: Verification, runs: readonly Run[]): string {
  const { matmul, scan, mixer } = v.parameters;
  const size = `matmul ${matmul.lanes} rows x ${matmul.columns} columns x ${matmul.numerics.activationBits} planes per cycle, scan ${scan.rows} rows x ${scan.lanes} state elements per cycle, mixer ${mixer.lanes} channels per cycle`;
  const agree = v.engines.length > 1 ? `; ${v.engines.join(' and ')} agree on every cycle count below` : '';
  const finding = runs.map((r) => r.finding).find((f) => f !== undefined);
  const found = finding === undefined ? '' : `\n\n${findingText(finding, width)}`;
  return runs.some((r) => r.mismatch !== undefined) ? `${size}${found}` : `${size}${agree}${found}`;
}
