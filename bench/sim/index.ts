/** `popscan bench sim`: our simulator beside the others, on the same designs with the same stimulus. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Check, Figure, Report, Skipped } from '../../cli/command.ts';
import { table } from '../../cli/print.ts';
import { type Bench, measured, type Row, reportOf } from '../bench.ts';
import { timeBatch } from './batch.ts';
import type { DesignName } from './designs.ts';
import { type EngineName, engineKinds, findEngines } from './engines.ts';
import { coldBuild, measure } from './rates.ts';

const bound = (name: string, value: number, least: number, detail: string): Check => ({
  name,
  ok: value >= least,
  detail: `${value.toPrecision(3)}x, at least ${least}x; ${detail}`,
});

/** What a design is held against. */
interface Rival {
  readonly engine: EngineName;
  /** How many times its rate ours must be. */
  readonly least: number;
  readonly what: string;
}

/** A design in several engines, the slow ones only where their build takes seconds. `cold`: the time to the first cycle is held against Verilator's, too. */
const design =
  (
    name: DesignName,
    engines: readonly EngineName[],
    rivals: readonly Rival[],
    { cold }: { readonly cold: boolean },
  ): Row =>
  async (progress): Promise<Report> => {
    const { tools, missing } = await findEngines(engines);
    const results = await measure(
      name,
      engines.filter((e) => tools.has(e)),
      progress,
    );
    const all = [...results].map(([engine, m]) => ({ ...m, ...engineKinds[engine] }));
    const hashes = all.map((m) => m.hashes);
    const same = hashes.every((h) => h.every((x, i) => x === hashes[0]![i]));
    const checks: Check[] = [{ name: `${name}: one hash in all engines`, ok: same, detail: `${all.length} engines` }];
    const skipped: Skipped[] = [...missing];
    const ours = results.get('sim')!;
    for (const { engine, least, what } of rivals) {
      const theirs = results.get(engine);
      if (theirs === undefined) {
        skipped.push({ name: what, why: 'its engine is not there', get: 'see above' });
        continue;
      }
      const [a, b] = [ours.kcyclesPerSecond, theirs.kcyclesPerSecond];
      checks.push(bound(what, a / b, least, `${a.toFixed(0)} and ${b.toFixed(0)} kcycles/s`));
    }
    const figures = all.flatMap((m) => [
      measured(`${name}.${m.name}.kcycles_per_second`, m.kcyclesPerSecond, 'kcycles/s'),
      measured(`${name}.${m.name}.build_seconds`, m.buildSeconds, 's'),
    ]);
    const theirs = results.get('verilator')?.buildSeconds;
    if (cold && theirs !== undefined) {
      progress('building again');
      const first = await coldBuild(name, 'sim', 3);
      figures.push(measured(`${name}.first_cycle_seconds`, first, 's'));
      const what = `${name}: design object to first cycle, against Verilator's cold build`;
      checks.push(bound(what, theirs / first, 20, `${(1000 * first).toFixed(0)} ms and ${theirs.toFixed(1)} s`));
    }
    const rows = all.map((m) => [
      ...[name, m.name, m.kcyclesPerSecond.toFixed(m.kcyclesPerSecond < 100 ? 2 : 0)],
      ...[m.buildSeconds.toFixed(3), m.hashes.at(-1)!, m.what],
    ]);
    return {
      ...{ figures, checks, skipped },
      tools: Object.fromEntries([...tools].map(([engine, tool]) => [engineKinds[engine].name, tool])),
      text: `${table(['design', 'engine', 'kcycles/s', 'first cycle, s', 'hash', 'what it is given'], rows, [2, 3])}\n`,
    };
  };

const batch: Row = async () => {
  const t = await timeBatch();
  const figures: Figure[] = [
    measured('batch.seconds', t.batch, 's'),
    measured('batch.single_seconds', t.single, 's'),
    measured('threads.one_seconds', t.oneThread, 's'),
    measured('threads.two_seconds', t.twoThreads, 's'),
  ];
  return reportOf(figures, [
    { name: 'batch: the results of single runs', ok: t.sameResults, detail: 'rows of all cycles' },
    bound(
      '8 stimuli of the scan unit in a batch, against 8 single runs',
      t.single / t.batch,
      2,
      `${t.cycles.short} cycles each, from the module to the last result: ${t.batch.toFixed(2)} s with one build on two threads, ${t.single.toFixed(2)} s with a build for each`,
    ),
    bound(
      'two threads on independent runs, against one',
      t.oneThread / t.twoThreads,
      1.7,
      `8 times ${t.cycles.long} cycles of the scan unit, compiled before: ${t.twoThreads.toFixed(2)} and ${t.oneThread.toFixed(2)} s; a loop that needs nothing but its core: ${t.machine.toFixed(2)}x`,
    ),
  ]);
};

interface Million {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly nodes: number;
  readonly peak: number;
}

const million: Row = (progress) => {
  progress('in a process of its own');
  const script = fileURLToPath(new URL('million.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  const m = JSON.parse(stdout) as Million;
  const size = `${(m.nodes / 1e6).toFixed(2)} million nodes`;
  return reportOf(
    [measured('million.build_seconds', m.seconds, 's'), measured('million.peak_bytes', m.peak, 'bytes')],
    [
      {
        name: 'a million nodes: module to first cycle in 5 s',
        ok: m.seconds < 5,
        detail: `${m.seconds.toFixed(2)} s on the clock, ${m.cpuSeconds.toFixed(2)} s of processor time in all threads, ${size}`,
      },
      {
        name: 'a million nodes: below 1 GB',
        ok: m.peak < 1e9,
        detail: `${(m.peak / 1e9).toFixed(2)} GB at most in the whole process, the design included`,
      },
    ],
  );
};

const rival = (what: string, engine: EngineName = 'verilator', least = 1): Rival => ({ engine, least, what });

export const simBench: Bench = {
  describe:
    'our simulator beside native Verilator and others: cycles per second, time to the first cycle, a million nodes',
  rows: {
    tile: design(
      'tile',
      ['sim', 'verilator', 'compressors', 'wasm', 'cxxrtl', 'icarus'],
      [
        rival('16 x 256 popcount tile against native Verilator, behavioural print'),
        rival('16 x 256 popcount tile against native Verilator, compressor print', 'compressors', 40),
      ],
      { cold: true },
    ),
    matmul: design(
      'matmul',
      ['sim', 'verilator'],
      [rival('16 x 256 matmul unit, 8 bit planes, against native Verilator')],
      { cold: true },
    ),
    scan: design('scan', ['sim', 'verilator', 'icarus'], [rival('scan unit against native Verilator')], { cold: true }),
    stream: design(
      'stream',
      ['sim', 'verilator', 'cxxrtl', 'icarus'],
      [rival("the stream library's largest element against native Verilator")],
      { cold: false },
    ),
    batch,
    million,
  },
};
