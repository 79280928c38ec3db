/** Streams vectors through the norm and quantizer and judges what comes out. */
import { type NormParameters, normDescriptor, normWidths, vectorBeats } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import type { NormJob } from './golden-norm.ts';
import { type ExpectedBeat, streamBench } from './streams.ts';
import type { UnitBench } from './unit-bench.ts';
import { joinFields, padded } from './words.ts';

const beatsOf = (j: NormJob, p: NormParameters) => vectorBeats(j.x.length, j.packet, p.lanes);

/** The factors in the order of the beats; lanes beyond them are noise. */
export function* normWeights(jobs: readonly NormJob[], p: NormParameters): Generator<Beat> {
  const noise = createRandom(37);
  const { weightBits, biasWeightBits } = p.numerics.norm;
  for (const j of jobs) {
    const { weight, bias } = j.projection;
    for (const { from, count } of beatsOf(j, p)) {
      const part = (values: Int32Array | undefined, bits: number): bigint =>
        joinFields(padded(values?.subarray(from, from + count) ?? new Int32Array(p.lanes), p.lanes, noise), bits);
      yield { scale: part(weight.values, weightBits), bias: part(bias?.values, biasWeightBits) };
    }
  }
}

/** What must come out of the unit for a vector. */
export function expectedNorm(
  j: NormJob,
  p: NormParameters,
): Readonly<Record<'out' | 'sums' | 'scale', readonly ExpectedBeat[]>> {
  const { projection: f, expected } = j;
  const width = j.x.length / f.groups;
  const base = f.tile === width ? undefined : f.floor;
  const shift = (exponent: number): number => (base === undefined ? 0 : exponent - base);
  const beats = beatsOf(j, p);
  return {
    out: beats.map(({ from, count }, i) => ({
      values: Array.from({ length: p.lanes }, (_, k) => (k < count ? expected.q[from + k]! : 0)),
      shift: [shift(expected.exponents[Math.floor(from / f.tile)]!)],
      count: [count],
      end: [(from + count) % width === 0 ? 1 : 0],
      last: [i === beats.length - 1 ? 1 : 0],
    })),
    sums: Array.from(expected.top, (top, g) => ({ round: [shift(top)], bias: [expected.bias[g]!] })),
    scale: expected.rms.map(({ mantissa, exponent }, g) => ({
      mantissa: [mantissa],
      shift: [exponent - expected.top[g]!],
    })),
  };
}

export const normBits = (p: NormParameters) => ({
  out: { values: p.numerics.matmul.activationBits, shift: 8, count: 32, end: 1, last: 1 },
  sums: { round: 8, bias: normWidths(p).bias },
  scale: { mantissa: 18, shift: 8 },
});

export function normBench(jobs: readonly NormJob[], p: NormParameters): UnitBench {
  function* token(): Generator<Beat> {
    for (const j of jobs) yield normDescriptor(j.projection, j.packet, p);
  }
  function* values(): Generator<Beat> {
    const noise = createRandom(41);
    for (const j of jobs) {
      for (const { from, count } of beatsOf(j, p))
        yield { values: joinFields(padded(j.x.subarray(from, from + count), p.lanes, noise), p.inputBits), count };
    }
  }
  const work = jobs.map((j) => ({ group: j.group, label: j.label, beats: expectedNorm(j, p) }));
  return streamBench({
    unit: 'norm',
    feeds: { token, in: values, weight: () => normWeights(jobs, p) },
    bits: normBits(p),
    jobs: work,
    counters: { saturations_bias: jobs.reduce((sum, j) => sum + j.clamped, 0) },
    cycleBound: work.reduce((sum, j) => sum + 2 * j.beats.out.length + 64, 64),
    operations: jobs.reduce((sum, j) => sum + j.x.length, 0),
    operation: 'values',
  });
}
