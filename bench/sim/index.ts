/** `popscan bench sim`: our simulator beside the others, on the same designs with the same stimulus. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figure } from '../../cli/command.ts';
import { type Bench, measured, type Row, reportOf } from '../bench.ts';
import { timeBatch } from './batch.ts';
import { bound, designRow, type Rival } from './design-row.ts';
import type { EngineName } from './engines.ts';

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
    tile: designRow('tile', {
      engines: ['sim', 'verilator', 'compressors', 'wasm', 'cxxrtl', 'icarus'],
      rivals: [
        rival('16 x 256 popcount tile against native Verilator, behavioural print'),
        rival('16 x 256 popcount tile against native Verilator, compressor print', 'compressors', 40),
      ],
      cold: true,
    }),
    matmul: designRow('matmul', {
      engines: ['sim', 'verilator'],
      rivals: [rival('16 x 256 matmul unit, 8 bit planes, against native Verilator')],
      cold: true,
    }),
    scan: designRow('scan', {
      engines: ['sim', 'verilator', 'icarus'],
      rivals: [rival('scan unit against native Verilator')],
      cold: true,
    }),
    stream: designRow('stream', {
      engines: ['sim', 'verilator', 'cxxrtl', 'icarus'],
      rivals: [rival("the stream library's largest element against native Verilator")],
      cold: false,
    }),
    batch,
    million,
  },
};
