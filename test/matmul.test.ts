import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { bundle, printVerilog } from '../gen/index.ts';
import { defaultNumerics, largest } from '../golden/fixed/index.ts';
import {
  checkMatrix,
  HardwareProblem,
  type MatmulParameters,
  matmulArray,
  matmulLatency,
  matmulWidths,
  weightStream,
} from '../hw/index.ts';
import {
  createRandom,
  createSimulator,
  driveStream,
  type Engine,
  monitorStream,
  reset,
  runUntil,
} from '../sim/index.ts';
import { matmulBench } from '../verify/bench-matmul.ts';
import type { MatmulJob } from '../verify/job.ts';
import {
  cornerMatmulJobs,
  matmulJob,
  planeMatrix,
  randomMatmulJob,
  tiledVector,
  weightAt,
} from '../verify/jobs-corner.ts';
import type { UnitBench } from '../verify/unit-bench.ts';
import { runUnit } from './unit.ts';

const small: MatmulParameters = {
  ...{ lanes: 3, columns: 6, segment: 2, tokens: 1, drain: 1, planes: 1, maxShift: 5, maxRows: 20, maxColumns: 20 },
  numerics: defaultNumerics.matmul,
};
const shapes: readonly (readonly [string, MatmulParameters])[] = [
  ['one of everything', { ...small, lanes: 1, columns: 1, segment: 1, maxRows: 1, maxColumns: 1 }],
  [
    'wide beats, one exponent',
    { ...small, lanes: 2, columns: 64, segment: 64, maxShift: 0, maxRows: 5, maxColumns: 200 },
  ],
  ['many lanes', { ...small, lanes: 16, columns: 2, drain: 5, maxRows: 100, maxColumns: 7 }],
  ['shifts as golden has them', { ...small, columns: 32, segment: 16, drain: 3, maxShift: 16, maxColumns: 100 }],
  ['weight planes', { ...small, planes: 8, drain: 2 }],
  ['three vectors, weight planes', { ...small, tokens: 3, planes: 2 }],
  ['narrow loads', { ...small, columns: 12, segment: 4, load: 2, planes: 2, tokens: 2 }],
  ['loads of several segments, one tile stored', { ...small, columns: 12, segment: 2, load: 4, storedRows: 3 }],
  ['column-major', { ...small, load: 3, segment: 3, storedRows: 20, drain: 2 }],
  ['a bit plane per cycle', { ...small, activationPlanes: 1, drain: 2 }],
  [
    'two planes per cycle, narrow loads',
    { ...small, activationPlanes: 2, columns: 12, segment: 4, load: 2, planes: 2 },
  ],
  ['four planes per cycle, one exponent', { ...small, activationPlanes: 4, maxShift: 0, tokens: 2, storedRows: 12 }],
  ['column-major, vectors, planes', { ...small, tokens: 2, planes: 3, storedRows: 12, drain: 3 }],
];

const constant = (p: MatmulParameters, rows: number, cols: number): MatmulJob =>
  matmulJob(
    'constant',
    planeMatrix(rows, cols, 1, (o, i) => (o * i) % 3 === 0),
    'signs',
    [tiledVector(p, cols, p.segment, { value: () => largest(8), shift: () => 0, bias: 0 })],
    p.numerics,
  );

const table: MatmulParameters = { ...small, engine: 'table', columns: 8, segment: 4, load: 4, storedRows: 20 };
const engines: readonly (readonly [string, MatmulParameters])[] = [
  ...shapes,
  ['scales of rows', { ...small, rowScaleBits: 16, planes: 2, drain: 2, tokens: 2 }],
  ['scales of rows, few bits', { ...small, rowScaleBits: 3, drain: 3, storedRows: 20 }],
  ['look-up', table],
  ['look-up, scales of rows', { ...table, rowScaleBits: 24, drain: 2 }],
  ['look-up, one exponent', { ...table, lanes: 9, columns: 12, segment: 12, load: 12, maxShift: 0, drain: 9 }],
  ['look-up, weight planes', { ...table, planes: 3, columns: 16, segment: 8, load: 8 }],
  ['look-up of cells', { ...table, lanes: 9, columns: 32, segment: 16, maxShift: 0, cells: 'xilinx', maxColumns: 80 }],
];

describe('matmul array', () => {
  it.each([0, 0.4])('computes every size 1..20 x 1..20 on a tile of 3 x 6, stalls %s', (stall) => {
    const random = createRandom(3);
    const jobs: MatmulJob[] = [];
    for (let rows = 1; rows <= 20; rows++) {
      for (let cols = 1; cols <= 20; cols++) jobs.push(randomMatmulJob(small, random, rows, cols, 'every size'));
    }
    expect(runUnit(matmulArray(small), 'matmul', matmulBench(jobs, small, false), stall).wrong).toEqual([]);
  });

  it.each(engines)('takes extremes and random matrices, stalling: %s', (_name, p) => {
    const jobs = cornerMatmulJobs(p, createRandom(5), 40);
    expect(runUnit(matmulArray(p), 'matmul', matmulBench(jobs, p, false), 0.3).wrong).toEqual([]);
  });

  it.each(engines.filter(([, { cells }]) => cells !== 'xilinx'))(
    'prints Verilog without a warning: %s',
    async (_name, p) => {
      const { files, top } = printVerilog(matmulArray(p));
      const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top);
      expect(result.log).toBe('');
    },
  );

  it('takes one weight beat per cycle, over the ends of tiles and matrices', () => {
    const p = { ...small, lanes: 4, columns: 8, segment: 8, maxRows: 64, maxColumns: 64 };
    const jobs = Array.from({ length: 3 }, () => constant(p, 64, 64));
    const { cycles, wrong } = runUnit(matmulArray(p), 'matmul', matmulBench(jobs, p, false), 0);
    expect(wrong).toEqual([]);
    const beats = 3 * (64 / 4) * (64 / 8);
    const start = 1 + 2; // descriptor, first activations and their place in the buffer
    expect(cycles).toBe(start + beats + matmulLatency(p) + p.lanes - 1);
  });

  it('finds a flipped weight bit', () => {
    const p = { ...small, lanes: 4, columns: 8 };
    const jobs = cornerMatmulJobs(p, createRandom(6), 4);
    expect(runUnit(matmulArray(p), 'matmul', matmulBench(jobs, p, true), 0).wrong).toHaveLength(1);
  });

  it('finds a wrong scale of a row', () => {
    const p = { ...small, rowScaleBits: 16, drain: 2 };
    const [job, ...rest] = cornerMatmulJobs(p, createRandom(7), 6);
    const { scale, offset } = job!.factors!;
    const wrong = { scale: Array.from(scale, (s, o) => (o === 0 ? s ^ (2 ** 14) : s)), offset };
    const jobs = [{ ...job!, factors: wrong }, ...rest];
    expect(runUnit(matmulArray(p), 'matmul', matmulBench(jobs, p, false), 0.2).wrong).toHaveLength(1);
  });

  it('saturates where it is asked to, in the order of the beats', () => {
    const p = { ...small, lanes: 2, columns: 4, segment: 4, maxShift: 0, saturate: 12 };
    const clamp = (x: number): number => Math.max(-2048, Math.min(2047, x));
    const random = createRandom(12);
    const jobs = Array.from({ length: 60 }, () => randomMatmulJob(p, random, 5, 20, 'saturating'));
    const saturated = jobs.map((job): MatmulJob => {
      const { q, bias } = job.vectors[0]!;
      const groups = [0, 4, 8, 12, 16];
      const sum = (row: number, weight: (w: number) => number): number =>
        groups.reduce((total, from) => {
          let partial = 0;
          for (let i = from; i < from + 4; i++) partial += weight(weightAt(job.matrix, 'signs', row, i)) * q[i]!;
          return clamp(total + partial);
        }, 0);
      const expected = Array.from({ length: 5 }, (_, row) => {
        const ones = sum(row, (w) => (w + 1) / 2);
        const all = sum(row, () => 1);
        return clamp(2 * ones - all) * 64 + bias;
      });
      return { ...job, coding: 'signs', expected: [expected] };
    });
    const { wrong } = runUnit(matmulArray(p), 'matmul', matmulBench(saturated, p, false), 0.2);
    expect(wrong).toEqual([]);
    const different = saturated.filter((job, i) =>
      Array.from(job.expected[0]!).some((y, r) => y !== jobs[i]!.expected[0]![r]),
    );
    expect(different.length).toBeGreaterThan(5);
  });

  it('proves that a matrix cannot overflow, or refuses it', () => {
    const p = { ...small, maxShift: 0, saturate: 12 };
    expect(() => checkMatrix(p, { rows: 20, cols: 15, planes: 1 })).not.toThrow();
    expect(() => checkMatrix(p, { rows: 20, cols: 16, planes: 1 })).toThrow(
      'matmul cannot be built with saturate = 12; expected at least 13 bits for sums of 16 columns and 1 planes',
    );
    expect(() => checkMatrix(small, { rows: 21, cols: 1, planes: 1 })).toThrow('expected a matrix of 1 to 20 rows');
  });

  it('refuses parameters with the bound and the nearest choice', () => {
    expect(() => matmulWidths({ ...small, lanes: 0 })).toThrow(HardwareProblem);
    const problem = (p: Partial<MatmulParameters>): unknown => {
      try {
        return matmulWidths({ ...small, ...p });
      } catch (error) {
        return error;
      }
    };
    expect(problem({ columns: 5000 })).toMatchObject({
      message: 'matmul cannot be built with columns = 5000; expected a whole number from 1 to 4096',
      remedy: 'the nearest valid columns is 4096',
    });
    expect(problem({ columns: 64, segment: 24 })).toMatchObject({
      expected: 'a divisor of the 64 columns',
      remedy: 'the nearest valid segment is 16',
    });
    expect(problem({ activationPlanes: 3 })).toMatchObject({
      message: 'matmul cannot be built with activationPlanes = 3; expected a divisor of the 8 bits of an activation',
      remedy: 'the nearest valid activationPlanes is 2',
    });
    expect(problem({ ...table, activationPlanes: 4 })).toMatchObject({
      expected: 'all 8 bits of an activation: tables hold whole sums',
    });
    const { numerics } = small;
    expect(problem({ numerics: { ...numerics, activationBits: -1 } })).toMatchObject({
      where: 'matmul.numerics.activationBits',
      expected: 'a whole number from 2 to 16',
    });
    expect(problem({ engine: 'shift' as 'table' })).toMatchObject({ expected: 'one of popcount, table' });
  });
});

describe('flush', () => {
  const arrays: readonly (readonly [string, MatmulParameters])[] = [
    ['popcount', { ...small, tokens: 2, planes: 2, drain: 2, load: 2, storedRows: 10 }],
    ['planes in time', { ...small, activationPlanes: 2, planes: 2, drain: 2, load: 2, storedRows: 10 }],
    ['scales of rows', { ...small, rowScaleBits: 16, drain: 2 }],
    ['look-up', { ...table, planes: 2, drain: 2, maxRows: 8, storedRows: 8, maxColumns: 12 }],
  ];
  const agents = (engine: Engine, bench: UnitBench, seed: number) => {
    const options = { stall: 0.2, seed };
    const drivers = Object.entries(bench.feeds).map(([s, beats]) =>
      driveStream(engine, `matmul_${s}`, beats(), options),
    );
    const monitor = monitorStream(engine, 'matmul_result', { ...options, count: bench.collects['result']! });
    return { drivers, monitor, all: [...drivers, monitor] };
  };

  it.each(arrays)('drops all work in every cycle, and the next matrix is right: %s', (_name, p) => {
    const random = createRandom(8);
    const engine = createSimulator(bundle('top', { matmul: matmulArray(p) }).module, { properties: 'throw' });
    reset(engine);
    for (let stop = 0; stop < 200; stop++) {
      const before = agents(engine, matmulBench(cornerMatmulJobs(p, random, 2), p, false), 1);
      let cycle = 0;
      runUntil(engine, before.all, { limit: stop + 1, until: () => cycle++ === stop });
      for (const { name } of engine.ports)
        if (/_valid$|_ready$/.test(name) && name !== 'matmul_result_valid') quiet(engine, name);
      for (let flushes = 1 + random.below(2); flushes > 0; flushes--) {
        engine.poke('matmul_flush', 1);
        engine.tick();
        engine.poke('matmul_flush', 0);
        if (random.chance(0.5)) engine.tick();
      }
      if (engine.peek('matmul_result_valid') === 1n) {
        engine.poke('matmul_result_ready', 1);
        engine.tick();
      }
      const bench = matmulBench(cornerMatmulJobs(p, random, 2), p, false);
      const after = agents(engine, bench, stop);
      runUntil(engine, after.all, { limit: 20 * bench.cycleBound });
      const verdicts = bench.judge({ result: after.monitor.beats }, () => 0n);
      expect(
        verdicts.flatMap((v) => v.mismatch?.text ?? []),
        `flush after ${stop} cycles`,
      ).toEqual([]);
    }
    engine.close();
  });

  const quiet = (engine: Engine, name: string): void => {
    const port = engine.ports.find((q) => q.name === name)!;
    if (port.direction === 'input') engine.poke(name, 0);
  };
});

describe('weight stream', () => {
  it('has the documented layout', () => {
    const m = planeMatrix(3, 5, 1, (o, i) => (o + i) % 2 === 0);
    const s = weightStream(m, { lanes: 2, columns: 4 });
    expect({ beats: s.beats, bytesPerBeat: s.bytesPerBeat }).toEqual({ beats: 4, bytesPerBeat: 1 });
    // rows 0 and 1, columns 0-3: 1010 and 0101, the first in the low bit; then column 4; then row 2
    expect([...s.bytes]).toEqual([0b1010_0101, 0b0000_0001, 0b0000_0101, 0b0000_0001]);
  });

  it('goes through all tiles with the first columns in column-major order, planes inside', () => {
    const m = planeMatrix(3, 5, 2, (o, i, plane) => (o + i) % 2 === plane);
    const p = { lanes: 2, columns: 4 };
    const rows = weightStream(m, p, { coding: 'signs' });
    const columns = weightStream(m, p, { coding: 'signs', order: 'column-major' });
    // beats by tile and group: (0, 0) (0, 1) (1, 0) (1, 1) and (0, 0) (1, 0) (0, 1) (1, 1), two planes each
    const inColumns = [0, 1, 4, 5, 2, 3, 6, 7].map((beat) => rows.bytes[beat]!);
    expect([...columns.bytes]).toEqual(inColumns);
    expect([...rows.bytes.subarray(0, 2)]).toEqual([0b0101_1010, 0b1010_0101]);
  });

  it('has the highest plane first, inverted where it counts negative', () => {
    const m = planeMatrix(1, 3, 2, (_o, i, plane) => (plane === 0 ? i < 2 : i === 0));
    const p = { lanes: 1, columns: 4 };
    expect([...weightStream(m, p, { coding: 'signs' }).bytes]).toEqual([0b001, 0b011]);
    expect([...weightStream(m, p).bytes]).toEqual([0b110, 0b011]);
  });
});
