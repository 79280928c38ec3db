/** Streams convolution jobs through the unit and judges its results. */
import { type ConvParameters, convWords, mixerBeats, type OrderedBeat } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import type { ConvJob } from './golden-conv.ts';
import { type ExpectedBeat, streamBench } from './streams.ts';
import type { UnitBench } from './unit-bench.ts';
import { joinFields, padded } from './words.ts';

const kinds = { b: 0, c: 1, x: 2, z: 3 } as const;
type Kind = keyof typeof kinds;

/** The beats that the unit takes, dt left out. */
function beatsOf(j: Pick<ConvJob, 'shape' | 'zFirst'>, p: ConvParameters) {
  const beats = mixerBeats(j.shape, p.lanes).filter((b): b is OrderedBeat & { segment: Kind } => b.segment !== 'dt');
  if (!j.zFirst) return beats;
  const ofZ = ({ segment }: OrderedBeat): boolean => segment === 'z';
  const turned = [...beats.filter(ofZ), ...beats.filter((b) => !ofZ(b))];
  return turned.map((b, i) => ({ ...b, last: i === turned.length - 1 }));
}

/** The values of a beat in an array over z, and one over x, B and C. */
function valuesOf(j: ConvJob, { segment, from, count }: OrderedBeat, z: Int32Array, xbc: Int32Array): Int32Array {
  const inner = j.shape.heads * j.shape.headDim;
  return segment === 'z' ? z.subarray(from, from + count) : xbc.subarray(from - inner, from - inner + count);
}

/** Taps and biases in the order of the beats that are convolved; lanes beyond them are noise. */
export function* convWeights(
  jobs: readonly Pick<ConvJob, 'shape' | 'zFirst' | 'convolution'>[],
  p: ConvParameters,
): Generator<Beat> {
  const noise = createRandom(31);
  const { convWeightBits } = p.numerics.mixer;
  for (const j of jobs) {
    const { weight, bias, taps } = j.convolution;
    const inner = j.shape.heads * j.shape.headDim;
    for (const { segment, from, count } of beatsOf(j, p)) {
      if (segment === 'z') continue;
      const first = from - inner;
      yield {
        taps: joinFields(
          padded(weight.subarray(first * taps, (first + count) * taps), p.lanes * taps, noise),
          convWeightBits,
        ),
        bias: joinFields(padded(bias.subarray(first, first + count), p.lanes, noise), 32),
      };
    }
  }
}

export function convBench(jobs: readonly ConvJob[], p: ConvParameters): UnitBench {
  const { projectedBits } = p.numerics.mixer;
  const bits = Math.max(p.numerics.scan.inputBits, p.numerics.mixer.gateBits);
  function* token(): Generator<Beat> {
    for (const { shape, slot, token: age, scaling } of jobs) {
      const words = convWords(shape, p.lanes);
      yield { ...scaling, base: slot * words, words, clear: age === 0 ? 1 : 0 };
    }
  }
  function* channels(): Generator<Beat> {
    const noise = createRandom(29);
    for (const j of jobs) {
      for (const b of beatsOf(j, p)) {
        const values = joinFields(padded(valuesOf(j, b, j.z, j.xbc), p.lanes, noise), projectedBits);
        yield { values, kind: kinds[b.segment], count: b.count, end: Number(b.end), last: Number(b.last) };
      }
    }
  }
  const expected = (j: ConvJob): ExpectedBeat[] =>
    beatsOf(j, p).map((b) => ({
      values: [...valuesOf(j, b, j.gate, j.activated)],
      kind: [kinds[b.segment]],
      count: [b.count],
      end: [Number(b.end)],
      last: [Number(b.last)],
    }));
  const work = jobs.map((j) => ({ group: j.group, label: j.label, beats: { out: expected(j) } }));
  const total = (name: keyof ConvJob['clamped']): number => jobs.reduce((sum, j) => sum + j.clamped[name], 0);
  return streamBench({
    unit: 'conv',
    feeds: { token, in: channels, weight: () => convWeights(jobs, p) },
    bits: { out: { values: bits, kind: 2, count: 32, end: 1, last: 1 } },
    jobs: work,
    counters: Object.fromEntries(
      (['conv', 'b', 'c', 'x', 'gate'] as const).map((name) => [`saturations_${name}`, total(name)]),
    ),
    cycleBound: work.reduce((sum, j) => sum + j.beats.out.length + 8, 64),
    operations: jobs.reduce((sum, j) => sum + j.xbc.length + j.z.length, 0),
    operation: 'channels',
  });
}
