/** `popscan bench sim`: our simulator beside the others, on the same designs with the same stimulus. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Check, Figure, Report, Skipped } from '../../cli/command.ts';
import { table } from '../../cli/print.ts';
import type { Bench } from '../bench.ts';
import { timeBatch } from './batch.ts';
import { type DesignName, designs } from './designs.ts';
import { type EngineKind, engineKinds, type Opened } from './engines.ts';

type EngineName = keyof typeof engineKinds;

/** Which engines run which design; the slow ones only where their build takes seconds. */
const runs: Readonly<Record<DesignName, readonly EngineName[]>> = {
  tile: ['sim', 'verilator', 'compressors', 'wasm', 'cxxrtl', 'icarus'],
  matmul: ['sim', 'verilator'],
  scan: ['sim', 'verilator', 'icarus'],
  stream: ['sim', 'verilator', 'cxxrtl', 'icarus'],
};

/** After so many cycles all engines must have the same hash, and after more those that are fast. */
const checked = { slow: 256, fast: 20_000 };
/** Engines run in turns, each for a moment that nothing interrupts; the best moment counts. */
const rounds = 30;
const momentMs = 5;

interface Measured {
  readonly kcyclesPerSecond: number;
  readonly buildSeconds: number;
  readonly hashes: readonly string[];
}

async function measure(name: DesignName, engines: readonly EngineName[], progress: (line: string) => void) {
  const opened = new Map<EngineName, Opened>();
  try {
    for (const engine of engines) {
      progress(`${name}: building ${engineKinds[engine].name}`);
      opened.set(engine, await engineKinds[engine].open(designs[name]()));
    }
    progress(`${name}: running`);
    const hashes = new Map([...opened].map(([engine, o]) => [engine, runToHashes(engineKinds[engine], o)]));
    const rates = rateInTurns(opened);
    return new Map(
      [...opened].map(([engine, { buildSeconds }]): [EngineName, Measured] => [
        engine,
        { kcyclesPerSecond: rates.get(engine)!, buildSeconds, hashes: hashes.get(engine)! },
      ]),
    );
  } finally {
    for (const o of opened.values()) o.close();
  }
}

function runToHashes({ pace }: EngineKind, o: Opened): string[] {
  o.run(checked.slow);
  const hashes = [o.hash().toString(16)];
  if (pace === 'fast') {
    o.run(checked.fast - checked.slow);
    hashes.push(o.hash().toString(16));
  }
  return hashes;
}

/** Best rate of each, in thousand cycles per second. */
function rateInTurns(opened: ReadonlyMap<EngineName, Opened>): Map<EngineName, number> {
  const time = (o: Opened, cycles: number): number => {
    const start = performance.now();
    o.run(cycles);
    return performance.now() - start;
  };
  const cycles = new Map<EngineName, number>();
  for (const [engine, o] of opened) {
    let count = 32;
    while (time(o, count) < momentMs) count *= 2;
    cycles.set(engine, count);
  }
  const best = new Map<EngineName, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [engine, o] of opened) {
      if (engineKinds[engine].pace === 'slow' && round > 2) continue;
      const count = cycles.get(engine)!;
      best.set(engine, Math.max(best.get(engine) ?? 0, count / time(o, count)));
    }
  }
  return best;
}

/** Shortest of several builds, each of a design made anew; the first pays for what the process has not compiled yet. */
async function coldBuild(name: DesignName, engine: EngineName, times: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const o = await engineKinds[engine].open(designs[name]());
    o.close();
    best = Math.min(best, o.buildSeconds);
  }
  return best;
}

interface Million {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly nodes: number;
  readonly peak: number;
}

function million(): Million {
  const script = fileURLToPath(new URL('million.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Million;
}

export const simBench: Bench = {
  describe:
    'our simulator beside native Verilator and others: cycles per second, time to the first cycle, a million nodes',
  async run(_, progress): Promise<Report> {
    const found = new Map<EngineName, { version: string; how: string }>();
    const skipped: Skipped[] = [];
    for (const [name, kind] of Object.entries(engineKinds)) {
      const tool = await kind.find();
      if ('get' in tool) skipped.push({ name: kind.name, why: 'not found', get: tool.get });
      else found.set(name as EngineName, tool);
    }
    const figures: Figure[] = [];
    const checks: Check[] = [];
    const rows: string[][] = [];
    const figure = (name: string, value: number, unit: string) =>
      void figures.push({ name, value, unit, kind: 'measured' });
    const bound = (name: string, value: number, least: number, detail: string) =>
      void checks.push({ name, ok: value >= least, detail: `${value.toPrecision(3)}x, at least ${least}x; ${detail}` });

    const all = new Map<DesignName, ReadonlyMap<EngineName, Measured>>();
    for (const name of Object.keys(designs) as DesignName[]) {
      const measured = await measure(
        name,
        runs[name].filter((e) => found.has(e)),
        progress,
      );
      all.set(name, measured);
      for (const [engine, m] of measured) {
        const { name: label } = engineKinds[engine];
        figure(`${name}.${label}.kcycles_per_second`, m.kcyclesPerSecond, 'kcycles/s');
        figure(`${name}.${label}.build_seconds`, m.buildSeconds, 's');
        const rate = m.kcyclesPerSecond;
        rows.push([name, label, rate.toFixed(rate < 100 ? 2 : 0), m.buildSeconds.toFixed(3), m.hashes.at(-1)!]);
      }
      const hashes = [...measured.values()].map((m) => m.hashes);
      const same = hashes.every((h) => h.every((x, i) => x === hashes[0]![i]));
      checks.push({ name: `${name}: one hash in all engines`, ok: same, detail: `${hashes.length} engines` });
    }
    const rate = (name: DesignName, engine: EngineName) => all.get(name)?.get(engine)?.kcyclesPerSecond;
    const against = (name: DesignName, engine: EngineName, least: number, what: string) => {
      const [ours, theirs] = [rate(name, 'sim')!, rate(name, engine)];
      if (theirs === undefined) skipped.push({ name: what, why: 'its engine is not there', get: 'see above' });
      else bound(what, ours / theirs, least, `${ours.toFixed(0)} and ${theirs.toFixed(0)} kcycles/s`);
    };
    against('tile', 'verilator', 1, '16 x 256 popcount tile against native Verilator, behavioural print');
    against('tile', 'compressors', 40, '16 x 256 popcount tile against native Verilator, compressor print');
    against('matmul', 'verilator', 1, '16 x 256 matmul unit, 8 bit planes, against native Verilator');
    against('scan', 'verilator', 1, 'scan unit against native Verilator');
    against('stream', 'verilator', 1, "the stream library's largest element against native Verilator");

    for (const name of ['tile', 'matmul', 'scan'] as const) {
      const theirs = all.get(name)?.get('verilator')?.buildSeconds;
      if (theirs === undefined) continue;
      progress(`${name}: building again`);
      const ours = await coldBuild(name, 'sim', 3);
      figure(`${name}.first_cycle_seconds`, ours, 's');
      const detail = `${(1000 * ours).toFixed(0)} ms and ${theirs.toFixed(1)} s`;
      bound(`${name}: design object to first cycle, against Verilator's cold build`, theirs / ours, 20, detail);
    }

    progress('batches');
    const t = await timeBatch();
    figure('batch.seconds', t.batch, 's');
    figure('batch.single_seconds', t.single, 's');
    figure('threads.one_seconds', t.oneThread, 's');
    figure('threads.two_seconds', t.twoThreads, 's');
    checks.push({ name: 'batch: the results of single runs', ok: t.sameResults, detail: 'rows of all cycles' });
    bound(
      '8 stimuli of the scan unit in a batch, against 8 single runs',
      t.single / t.batch,
      2,
      `${t.cycles.short} cycles each, from the module to the last result: ${t.batch.toFixed(2)} s with one build on two threads, ${t.single.toFixed(2)} s with a build for each`,
    );
    bound(
      'two threads on independent runs, against one',
      t.oneThread / t.twoThreads,
      1.7,
      `8 times ${t.cycles.long} cycles of the scan unit, compiled before: ${t.twoThreads.toFixed(2)} and ${t.oneThread.toFixed(2)} s; a loop that needs nothing but its core: ${t.machine.toFixed(2)}x`,
    );

    progress('a million nodes');
    const m = million();
    figure('million.build_seconds', m.seconds, 's');
    figure('million.peak_bytes', m.peak, 'bytes');
    const size = `${(m.nodes / 1e6).toFixed(2)} million nodes`;
    checks.push({
      name: 'a million nodes: module to first cycle in 5 s',
      ok: m.seconds < 5,
      detail: `${m.seconds.toFixed(2)} s on the clock, ${m.cpuSeconds.toFixed(2)} s of processor time in all threads, ${size}`,
    });
    checks.push({
      name: 'a million nodes: below 1 GB',
      ok: m.peak < 1e9,
      detail: `${(m.peak / 1e9).toFixed(2)} GB at most in the whole process, the design included`,
    });
    return {
      figures,
      checks,
      skipped,
      tools: Object.fromEntries([...found].map(([name, tool]) => [engineKinds[name].name, tool])),
      text: [
        `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`,
        ...Object.values(engineKinds).map((k) => `${k.name}: ${k.what}`),
        '',
        table(['design', 'engine', 'kcycles/s', 'first cycle, s', 'hash'], rows, [2, 3]),
      ].join('\n'),
    };
  },
};
