/** Streams tokens through the middle of a mixer and judges what out_proj is given. */
import { type MixerParameters, mixerDescriptor, normWidths, rowOrder } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import { convWeights } from './bench-conv.ts';
import { expectedNorm, normBits, normWeights } from './bench-norm.ts';
import { clampedFormats, type MixerJob } from './golden-mixer.ts';
import { type ExpectedBeat, streamBench } from './streams.ts';
import type { UnitBench } from './unit-bench.ts';
import { joinFields } from './words.ts';

type Fields = { readonly [name: string]: number | bigint | Fields };

/** The fields of a record by their paths, as ports are named. */
function flat(fields: Fields, prefix = ''): Record<string, number | bigint> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === 'object' ? Object.entries(flat(value, `${prefix}${name}_`)) : [[`${prefix}${name}`, value]],
    ),
  );
}

/** Columns of every group of out_proj's input, K at a time, with the shifts of their segments. */
function columnBeats(j: MixerJob, p: MixerParameters): ExpectedBeat[] {
  const { q, exponents } = j.expected.expected;
  const { groups, tile, floor } = j.expected.projection;
  const width = q.length / groups;
  const beats: ExpectedBeat[] = [];
  for (let g = 0; g < groups; g++) {
    for (let from = g * width; from < (g + 1) * width; from += p.columns) {
      const to = Math.min(from + p.columns, (g + 1) * width);
      const segments = Math.ceil((to - from) / p.segment);
      const shift = Array.from({ length: segments }, (_, s) =>
        tile === width ? 0 : exponents[Math.floor((from + s * p.segment) / tile)]! - floor,
      );
      beats.push({ q: [...q.subarray(from, to)], shift });
    }
  }
  return beats;
}

export function mixerBench(jobs: readonly MixerJob[], p: MixerParameters): UnitBench {
  const noise = createRandom(47);
  function* token(): Generator<Beat> {
    for (const j of jobs) yield flat(mixerDescriptor(j.fixed, j.shape, j, p) as unknown as Fields);
  }
  function* product(): Generator<Beat> {
    for (const j of jobs) {
      const rows = rowOrder(j.shape, p.lanes);
      for (let i = 0; i < rows.length; i += p.lanes) {
        const beat = Array.from(rows.subarray(i, i + p.lanes), (row) => (row < 0 ? noise.word() : j.product[row]!));
        yield joinFields(beat, p.resultBits);
      }
    }
  }
  function* scale(): Generator<Beat> {
    for (const { scale: of } of jobs) yield of;
  }
  function* constants(): Generator<Beat> {
    for (const { fixed } of jobs) {
      for (const [h, { direct, stepShift, outputShift }] of fixed.heads.entries()) {
        const head = { bias: fixed.dtBias[h]!, rate: fixed.rate.values[h]!, direct };
        yield { ...head, step_shift: stepShift, output_shift: outputShift };
      }
    }
  }
  const bits = normBits(p.norm);
  const work = jobs.map((j) => {
    const { sums, scale: out_scale } = expectedNorm(j.expected, p.norm);
    return { group: j.group, label: j.label, beats: { act: columnBeats(j, p), sums, out_scale } };
  });
  const convolved = jobs.map((j) => ({ shape: j.shape, convolution: j.fixed.convolution }));
  const perToken = (j: MixerJob): number =>
    rowOrder(j.shape, p.lanes).length / p.lanes +
    j.shape.heads * Math.ceil(j.shape.headDim / p.scan.rows) * Math.ceil(j.shape.dState / p.scan.lanes);
  return streamBench({
    unit: 'mixer',
    feeds: {
      ...{ token, product, scale, constants },
      conv_weight: () => convWeights(convolved, p.conv),
      norm_weight: () =>
        normWeights(
          jobs.map((j) => j.expected),
          p.norm,
        ),
    },
    bits: {
      act: { q: p.numerics.matmul.activationBits, shift: normWidths(p.norm).shift },
      sums: bits.sums,
      out_scale: bits.scale,
    },
    jobs: work,
    counters: Object.fromEntries(
      clampedFormats.map((name) => [`saturations_${name}`, jobs.reduce((sum, j) => sum + j.clamped[name], 0)]),
    ),
    cycleBound: jobs.reduce((sum, j) => sum + 2 * perToken(j) + 200, 200),
    operations: jobs.reduce((sum, j) => sum + j.product.length, 0),
    operation: 'results of in_proj',
  });
}
