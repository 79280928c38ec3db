import { describe, expect, it } from 'vitest';
import { regroup } from '../hw/lanes/regroup.ts';
import { createRandom, createSimulator, driveStream, monitorStream, reset, runUntil } from '../sim/index.ts';

const join = (values: readonly number[]): bigint => values.reduceRight((word, v) => (word << 8n) | BigInt(v), 0n);

/** Packets as beats of `lanes` elements. */
const beatsOf = (packets: readonly (readonly number[])[], lanes: number) =>
  packets.flatMap((p) =>
    Array.from({ length: Math.ceil(p.length / lanes) }, (_, i) => {
      const part = p.slice(i * lanes, (i + 1) * lanes);
      return { values: join(part), count: part.length, end: (i + 1) * lanes >= p.length ? 1 : 0 };
    }),
  );

function run(from: number, to: number, lengths: readonly number[], stall: number) {
  const random = createRandom(5);
  const packets = lengths.map((n) => Array.from({ length: n }, () => random.below(256)));
  const engine = createSimulator(regroup({ bits: 8, from, to }).module, { properties: 'throw' });
  reset(engine);
  const expected = beatsOf(packets, to);
  const out = monitorStream(engine, 'out', { stall, seed: 3, count: expected.length });
  const cycles = runUntil(engine, [driveStream(engine, 'in', beatsOf(packets, from), { stall }), out], {
    limit: 20_000,
  });
  engine.close();
  const found = out.beats.map(({ values, count, end }) => ({
    values: values! & ((1n << (8n * count!)) - 1n),
    count: Number(count),
    end: Number(end),
  }));
  return { found, expected, cycles };
}

describe('regroup', () => {
  const sizes = [1, 2, 3, 4, 5, 8, 13, 16];
  it.each(sizes.flatMap((from) => sizes.map((to) => [from, to] as const)))(
    '%i to %i: packets of every length, with and without stalls',
    (from, to) => {
      const lengths = [...Array.from({ length: 40 }, (_, i) => i + 1), 3, 3, 64, 1, 1, 17];
      for (const stall of [0, 0.4]) {
        const { found, expected } = run(from, to, lengths, stall);
        expect(found).toEqual(expected);
      }
    },
  );

  it('loses no cycle inside a packet', () => {
    for (const [from, to] of [
      [8, 13],
      [13, 8],
      [8, 32],
      [32, 8],
      [4, 4],
    ] as const) {
      const { expected, cycles } = run(from, to, [2080], 0);
      const beats = Math.max(expected.length, Math.ceil(2080 / from));
      expect(cycles - beats).toBeLessThanOrEqual(Math.ceil((from + to) / to));
    }
  });

  it('takes short beats inside a packet where it is built for them', () => {
    const engine = createSimulator(regroup({ bits: 8, from: 4, to: 6, ragged: true }).module, { properties: 'throw' });
    reset(engine);
    const random = createRandom(9);
    const packets = Array.from({ length: 40 }, (_, n) =>
      Array.from({ length: 1 + (n % 7) }, () => Array.from({ length: 1 + random.below(4) }, () => random.below(256))),
    );
    const given = packets.flatMap((p) =>
      p.map((beat, i) => ({ values: join(beat), count: beat.length, end: i === p.length - 1 ? 1 : 0 })),
    );
    const expected = beatsOf(
      packets.map((p) => p.flat()),
      6,
    );
    const out = monitorStream(engine, 'out', { stall: 0.3, count: expected.length });
    runUntil(engine, [driveStream(engine, 'in', given, { stall: 0.2 }), out], { limit: 5000 });
    expect(out.beats.map((b) => b['values']! & ((1n << (8n * b['count']!)) - 1n))).toEqual(
      expected.map((b) => b.values),
    );
  });

  it('refuses what is no width', () => {
    expect(() => regroup({ bits: 8, from: 0, to: 4 })).toThrow('regroup cannot be built with from = 0');
  });
});
