/** The scan core on an external memory that stalls, and in front of results that nobody takes for a long time: what the unit, whose store never waits, cannot ask of it. */
import type { Module } from '../gen/index.ts';
import type { RowStates, ScanShape } from '../golden/fixed/index.ts';
import { type ScanParameters, storeSize } from '../hw/index.ts';
import {
  createRandom,
  createSimulator,
  driveStream,
  monitorStream,
  reset,
  runUntil,
  SimProblem,
} from '../sim/index.ts';
import { activationFeeds, coreToken } from './bench-scan.ts';
import { externalMemory } from './external-memory.ts';
import { goldenScan } from './golden-scan.ts';
import { atEdges, randomPlace, randomScanInput, scanSpreads } from './jobs-corner-scan.ts';
import type { Pauses } from './pauses.ts';
import { stateWords, yWords } from './scan-words.ts';
import { splitFields } from './words.ts';

/** Longer than until the row buffer is full. */
const long: Pauses = { stall: 0.5, pause: 60 };
/** One beat at a time. */
const rare: Pauses = { stall: 0.95 };
const order = [0, 1, 2, 0, 0, 2, 1, 1, 0, 2, 1, 2, 0, 2, 1, 0];

/**
 * Three sequences through cores of these parameters, of shapes that take turns and have as many words each. The stream `slow`, if any, pauses
 * long, all others for single cycles; returns what a core does wrong, or undefined. The first core says how many cycles it takes.
 */
export function scanCoreWork(
  p: ScanParameters,
  shapes: readonly ScanShape[],
  slow?: 'bc' | 'head' | 'x' | 'state',
): (core: Module) => string | undefined {
  const size = storeSize(shapes[0]!, p);
  const shapeOf = (slot: number): ScanShape => shapes[slot % shapes.length]!;
  const random = createRandom(11);
  const scans = [0, 1, 2].map((slot) => goldenScan(shapeOf(slot), { slot, ...randomPlace(random) }, p));
  const jobs = order.map((slot, i) => {
    const shape = shapeOf(slot);
    const input = randomScanInput(shape, p, random, scanSpreads[i % scanSpreads.length]!);
    return scans[slot]!.next(atEdges(input, scans[slot]!.state, shape, p, random), {
      group: '',
      label: `token ${i}, slot ${slot}`,
    });
  });
  const golden = scans.map((s, slot) => stateWords(shapeOf(slot), s.state as RowStates, p));
  const y = yWords(jobs, p);
  let planned: number | undefined;
  return (core) => {
    const engine = createSimulator(core, { properties: 'throw' });
    const stall = 0.5;
    try {
      reset(engine);
      const feeds = { token: () => jobs.map((j) => coreToken(j, p)), ...activationFeeds(jobs, p) };
      const drivers = Object.entries(feeds).map(([name, beats], i) =>
        driveStream(engine, name, beats(), { ...(name === slow ? rare : { stall: 0.1 }), seed: 30 + i }),
      );
      const results = monitorStream(engine, 'y', { stall, pause: 120, seed: 3, count: y.length });
      const ones = (words: number, bits: number) => new Array<bigint>(3 * words).fill((1n << BigInt(bits)) - 1n);
      const memory = (stream: string, words: number, pauses: Pauses) => {
        const { width } = engine.handle(`${stream}_data`).port;
        return externalMemory(engine, stream, ones(words, width), words, jobs, pauses);
      };
      const state = memory('state', size.words, slow === 'state' ? long : { stall });
      const exponent = memory('exponent', size.rows, { stall });
      const cycles = runUntil(engine, [...drivers, results, state, exponent], { limit: 30_000 });
      planned ??= cycles;
      if (cycles !== planned) return `${planned} cycles expected of a core on an external memory, ${cycles} found`;
      const found = results.beats.map((b) => splitFields(b['y']!, p.numerics.outputBits, p.rows));
      const wrong = found.findIndex((beat, i) => beat.some((v, q) => v !== y[i]![q]));
      if (wrong >= 0) return `beat ${wrong} of y on an external memory: ${y[wrong]} expected, ${found[wrong]} found`;
      const differs = (words: readonly bigint[], expected: readonly bigint[]) =>
        words.some((w, i) => w !== expected[i]);
      if (
        differs(
          state.words,
          golden.flatMap((g) => g.state),
        )
      )
        return 'the state in the external memory is wrong';
      if (
        differs(
          exponent.words,
          golden.flatMap((g) => g.exponent),
        )
      )
        return 'the exponents in the external memory are wrong';
      return undefined;
    } catch (error) {
      if (error instanceof SimProblem) return `${error.what}: ${error.found}`;
      throw error;
    } finally {
      engine.close();
    }
  };
}
