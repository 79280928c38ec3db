/** The scan with its state outside: an external memory behind the streams, whose contents must be golden's state in every bit. */
import { describe, expect, it } from 'vitest';
import { defaultNumerics, type RowStates, type ScanShape } from '../golden/fixed/index.ts';
import { type ScanParameters, scanCore, storeSize } from '../hw/index.ts';
import { createRandom, createSimulator, driveStream, monitorStream, reset, runUntil } from '../sim/index.ts';
import { activationFeeds, coreToken } from '../verify/bench-scan.ts';
import { externalMemory } from '../verify/external-memory.ts';
import { goldenScan } from '../verify/golden-scan.ts';
import type { ScanJob } from '../verify/job.ts';
import { randomScanInput } from '../verify/jobs-corner-scan.ts';
import { stateWords, yWords } from '../verify/scan-words.ts';
import { splitFields } from '../verify/words.ts';

const shape: ScanShape = { heads: 4, headDim: 5, dState: 22, groups: 2 };
const parameters: ScanParameters = {
  ...{ lanes: 8, rows: 2, maxHeads: 4, maxHeadDim: 8, maxState: 32, maxGroups: 2, stateWords: 1, rowWords: 1 },
  numerics: defaultNumerics.scan,
  state: defaultNumerics.state,
};
const size = storeSize(shape, parameters);

/** Runs jobs through a core that has just been reset; the memories keep what was in them. Returns y. */
function runCore(p: ScanParameters, jobs: readonly ScanJob[], states: bigint[], exponents: bigint[], stall: number) {
  const engine = createSimulator(scanCore(p).module, { properties: 'throw' });
  reset(engine);
  const feeds = { token: () => jobs.map((j) => coreToken(j, p)), ...activationFeeds(jobs, p) };
  const drivers = Object.entries(feeds).map(([name, beats], i) =>
    driveStream(engine, name, beats(), { stall, seed: 30 + i }),
  );
  const y = monitorStream(engine, 'y', { stall, seed: 3, count: jobs.length * size.rows });
  const state = externalMemory(engine, 'state', states, size.words, jobs, { stall });
  const exponent = externalMemory(engine, 'exponent', exponents, size.rows, jobs, { stall });
  runUntil(engine, [...drivers, y, state, exponent], { limit: 200_000 });
  engine.close();
  return { y: y.beats, state, exponent };
}

function work(p: ScanParameters) {
  const random = createRandom(11);
  const scans = [0, 1, 2].map((slot) => goldenScan(shape, { slot, layer: slot }, p));
  const order = [0, 1, 2, 0, 0, 2, 1, 1, 0, 2];
  const spreads = ['random', 'quiet', 'extreme'] as const;
  const jobs = order.map((slot, i) => {
    const input = randomScanInput(shape, p, random, spreads[i % 3]!);
    return scans[slot]!.next(input, { group: '', label: `token ${i}, slot ${slot}` });
  });
  return { scans, order, jobs };
}

describe('the scan on an external memory', () => {
  it.each([0, 0.5])(
    'three sequences: y and every bit of state and exponents, each word once per token, stalls %s',
    (stall) => {
      const p = parameters;
      const { scans, order, jobs } = work(p);
      const states = new Array<bigint>(3 * size.words).fill((1n << BigInt(8 * 16)) - 1n); // token 0 must not look at it
      const exponents = new Array<bigint>(3 * size.rows).fill(31n);
      const { y, state, exponent } = runCore(p, jobs, states, exponents, stall);
      expect(y.map((b) => splitFields(b['y']!, p.numerics.outputBits, p.rows))).toEqual(yWords(jobs, p));
      const golden = scans.map((s) => stateWords(shape, s.state as RowStates, p));
      expect(states).toEqual(golden.flatMap((g) => g.state));
      expect(exponents).toEqual(golden.flatMap((g) => g.exponent));
      const tokens = [0, 1, 2].map((slot) => order.filter((s) => s === slot).length);
      const each = (region: number): number[] => tokens.flatMap((n) => new Array<number>(region).fill(n));
      for (const m of [state, exponent]) {
        const region = m === state ? size.words : size.rows;
        expect([m.reads, m.writes]).toEqual([each(region), each(region)]);
      }
    },
  );

  it('saved in the middle and restored into another core goes on as if nothing had happened', () => {
    const { scans, jobs } = work(parameters);
    const states = new Array<bigint>(3 * size.words).fill(0n);
    const exponents = new Array<bigint>(3 * size.rows).fill(0n);
    runCore(parameters, jobs.slice(0, 6), states, exponents, 0.2);
    const { y } = runCore(parameters, jobs.slice(6), states, exponents, 0.2);
    expect(y.map((b) => splitFields(b['y']!, 24, 2))).toEqual(yWords(jobs.slice(6), parameters));
    expect(states).toEqual(scans.flatMap((s) => stateWords(shape, s.state as RowStates, parameters).state));
  });
});
