/** Streams results of a projection through the unit that adds them to the residual stream, and judges the sums. */
import type { ResidualParameters } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import type { ResidualJob } from './golden-residual.ts';
import { streamBench } from './streams.ts';
import type { UnitBench } from './unit-bench.ts';
import { joinFields, padded } from './words.ts';

export function residualBench(jobs: readonly ResidualJob[], p: ResidualParameters): UnitBench {
  const noise = createRandom(43);
  /** Beats of P values; what lies beyond them is noise. */
  function* words(values: ArrayLike<number>, bits: number): Generator<bigint> {
    const all = Array.from(values);
    for (let i = 0; i < all.length; i += p.lanes)
      yield joinFields(padded(all.slice(i, i + p.lanes), p.lanes, noise), bits);
  }
  function* token(): Generator<Beat> {
    for (const { residual, groups, base } of jobs) yield { rows: residual.length, groups: groups.length, shift: base };
  }
  function* product(): Generator<Beat> {
    for (const j of jobs) for (const { y } of j.groups) yield* words(y, p.resultBits);
  }
  function* scale(): Generator<Beat> {
    for (const j of jobs) for (const { mantissa, shift } of j.groups) yield { mantissa, shift };
  }
  function* residual(): Generator<Beat> {
    for (const j of jobs) yield* words(j.residual, p.residualBits);
  }
  const work = jobs.map(({ group, label, expected }) => ({
    group,
    label,
    beats: {
      out: Array.from({ length: Math.ceil(expected.length / p.lanes) }, (_, i) => {
        const values = [...expected.subarray(i * p.lanes, (i + 1) * p.lanes)];
        return { values, count: [values.length], last: [(i + 1) * p.lanes >= expected.length ? 1 : 0] };
      }),
    },
  }));
  const beats = jobs.reduce((sum, j) => sum + j.groups.length * Math.ceil(j.residual.length / p.lanes), 0);
  return streamBench({
    unit: 'residual',
    feeds: { token, product, scale, residual },
    bits: { out: { values: p.residualBits, count: 32, last: 1 } },
    jobs: work,
    counters: { saturations_residual: jobs.reduce((sum, j) => sum + j.clamped, 0) },
    cycleBound: 2 * beats + 64,
    operations: jobs.reduce((sum, j) => sum + j.residual.length, 0),
    operation: 'values',
  });
}
