import { describe, expect, it } from 'vitest';
import { bundle } from '../gen/index.ts';
import { biasBits, defaultNumerics, largest, smallest } from '../golden/fixed/index.ts';
import { type MatmulParameters, matmulWidths, rowScale, scaledBits } from '../hw/index.ts';
import { createRandom, createSimulator, driveStream, monitorStream, reset, runUntil } from '../sim/index.ts';
import { joinFields, splitFields } from '../verify/words.ts';

const factorBits = 16;
const arrays: readonly MatmulParameters[] = [1, 2].map((tokens) => ({
  ...{ lanes: 4, columns: 8, segment: 8, tokens, drain: 3, planes: 2, maxShift: 0, maxRows: 50, maxColumns: 100 },
  numerics: defaultNumerics.matmul,
}));

/** round((scale y + offset sum) / 2^15), halves up. */
const scaled = (y: number, sum: number, scale: number, offset: number): number =>
  Number((BigInt(scale) * BigInt(y) + BigInt(offset) * BigInt(sum) + (1n << 14n)) >> 15n);

describe.each(arrays)('scales of rows, $tokens vectors', (p) => {
  it.each([0, 0.4])('are exact for any values, stalls %s', (stall) => {
    const w = matmulWidths(p);
    const random = createRandom(15);
    const any = (bits: number): number =>
      [smallest(bits), largest(bits), 0, smallest(bits) + Math.floor(random.below(2 ** 30) * 2 ** (bits - 30))][
        random.below(4)
      ]!;
    const result: Record<string, bigint | number>[] = [];
    const factor: Record<string, bigint>[] = [];
    const bias: Record<string, bigint>[] = [];
    const expected: (readonly number[])[] = [];
    for (let matrix = 0; matrix < 20; matrix++) {
      const sums = Array.from({ length: p.tokens }, () => any(biasBits(p.maxColumns, p.numerics)));
      bias.push({ bias: joinFields(sums, w.bias) });
      const beats = 1 + random.below(6);
      for (let b = 0; b < beats; b++) {
        const token = random.below(p.tokens);
        const three = (bits: number) => Array.from({ length: p.drain }, () => any(bits));
        const [y, scale, offset] = [three(w.result), three(factorBits), three(factorBits)];
        result.push({ y: joinFields(y, w.result), rows: p.drain, token, last: b === beats - 1 ? 1 : 0 });
        factor.push({ scale: joinFields(scale, factorBits), offset: joinFields(offset, factorBits) });
        expected.push(y.map((v, d) => scaled(v, sums[token]!, scale[d]!, offset[d]!)));
      }
    }
    const engine = createSimulator(bundle('top', { scale: rowScale(p, factorBits) }).module, { properties: 'throw' });
    reset(engine);
    const feeds = { result, factor, bias };
    const drivers = Object.entries(feeds).map(([name, beats], seed) =>
      driveStream(engine, `scale_${name}`, beats, { stall, seed }),
    );
    const out = monitorStream(engine, 'scale_out', { stall, seed: 9, count: expected.length });
    runUntil(engine, [...drivers, out], { limit: 2000 });
    engine.close();
    const found = out.beats.map((beat) => splitFields(beat['y']!, scaledBits(p, factorBits), p.drain));
    expect(found).toEqual(expected);
    expect(out.beats.map((b) => [b['last'], b['token']])).toEqual(
      result.map((b) => [BigInt(b['last']!), BigInt(b['token']!)]),
    );
  });
});
