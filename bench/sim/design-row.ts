/** A design in several engines as a row of the bench: rates side by side, one hash, the time to the first cycle. */
import type { Check, Report, Skipped } from '../../cli/command.ts';
import { table } from '../../cli/print.ts';
import { measured, type Row } from '../bench.ts';
import type { DesignName } from './designs.ts';
import { type EngineName, engineKinds, findEngines } from './engines.ts';
import { coldBuild, type Measured, measure } from './rates.ts';

type Results = ReadonlyMap<EngineName, Measured>;

/** What a design is held against. */
export interface Rival {
  readonly engine: EngineName;
  /** How many times its rate ours must be. */
  readonly least: number;
  readonly what: string;
}

export interface DesignRow {
  /** The slow ones only where their build takes seconds. */
  readonly engines: readonly EngineName[];
  readonly rivals: readonly Rival[];
  /** Whether the time to the first cycle is held against Verilator's, too. */
  readonly cold: boolean;
}

export const bound = (name: string, value: number, least: number, detail: string): Check => ({
  name,
  ok: value >= least,
  detail: `${value.toPrecision(3)}x, at least ${least}x; ${detail}`,
});

export const designRow =
  (name: DesignName, { engines, rivals, cold }: DesignRow): Row =>
  async (progress): Promise<Report> => {
    const { tools, missing } = await findEngines(engines);
    const there = engines.filter((e) => tools.has(e));
    const results = await measure(name, there, progress);
    const held = rivals.filter((r) => results.has(r.engine));
    const left = rivals.filter((r) => !results.has(r.engine));
    const first = cold && results.has('verilator') ? await coldBuild(name, 'sim', 3) : undefined;
    return {
      figures: [
        ...[...results].flatMap(([engine, m]) => [
          measured(`${name}.${engineKinds[engine].name}.kcycles_per_second`, m.kcyclesPerSecond, 'kcycles/s'),
          measured(`${name}.${engineKinds[engine].name}.build_seconds`, m.buildSeconds, 's'),
        ]),
        ...(first === undefined ? [] : [measured(`${name}.first_cycle_seconds`, first, 's')]),
      ],
      checks: [
        sameHash(name, results),
        ...held.map((rival) => rateCheck(results, rival)),
        ...(first === undefined ? [] : [coldCheck(name, first, results.get('verilator')!.buildSeconds)]),
      ],
      skipped: [
        ...missing,
        ...left.map(({ what }): Skipped => ({ name: what, why: 'its engine is not there', get: 'see above' })),
      ],
      tools: Object.fromEntries([...tools].map(([engine, tool]) => [engineKinds[engine].name, tool])),
      text: `${rateTable(name, results)}\n`,
    };
  };

function sameHash(name: string, results: Results): Check {
  const hashes = [...results.values()].map((m) => m.hashes);
  const ok = hashes.every((h) => h.every((x, i) => x === hashes[0]![i]));
  return { name: `${name}: one hash in all engines`, ok, detail: `${hashes.length} engines` };
}

function rateCheck(results: Results, { engine, least, what }: Rival): Check {
  const [ours, theirs] = [results.get('sim')!.kcyclesPerSecond, results.get(engine)!.kcyclesPerSecond];
  return bound(what, ours / theirs, least, `${ours.toFixed(0)} and ${theirs.toFixed(0)} kcycles/s`);
}

function coldCheck(name: string, ours: number, theirs: number): Check {
  const what = `${name}: design object to first cycle, against Verilator's cold build`;
  return bound(what, theirs / ours, 20, `${(1000 * ours).toFixed(0)} ms and ${theirs.toFixed(1)} s`);
}

function rateTable(name: string, results: Results): string {
  const rows = [...results].map(([engine, m]) => {
    const rate = m.kcyclesPerSecond.toFixed(m.kcyclesPerSecond < 100 ? 2 : 0);
    return [
      name,
      engineKinds[engine].name,
      rate,
      m.buildSeconds.toFixed(3),
      m.hashes.at(-1)!,
      engineKinds[engine].what,
    ];
  });
  return table(['design', 'engine', 'kcycles/s', 'first cycle, s', 'hash', 'what it is given'], rows, [2, 3]);
}
