/** One row of the array: popcounts of the weight bits against every activation plane, added up over the columns. */
import { bit, type Design, defineModule, input, output, sint, sum, type UInt, uint, unpack } from '../../gen/index.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

const laneInterface = (columns: number, activation: number, total: number) => ({
  advance: input(bit, 'the pipeline moves in this cycle'),
  weight: input(uint(columns), 'signs of K columns, 1 for +1'),
  planes: input(uint(columns * activation), 'bit planes of K activations, plane 0 (weight 1) in the low bits'),
  take: input(bit, 'the partial sum in stage 3 counts'),
  first: input(bit, 'and is the first of its row'),
  total: output(sint(total), 'running sum of w q with w in {0, 1}'),
});

/**
 * P = sum_i w_i q_i with w in {0, 1} and q two's complement of A bits: sum_b c_b 2^b popcount(w and plane b), c_b = -1 for
 * the top plane, else 1 (MODEL.md 2). K products per cycle. Latency from `weight` and `planes` to `total`: 3 cycles;
 * `take` and `first` belong to stage 3, 2 cycles after their weight.
 */
export function lane(p: MatmulParameters): Design<ReturnType<typeof laneInterface>> {
  const { activation, sum: width } = matmulWidths(p);
  return defineModule(
    {
      name: `matmul_lane_k${p.columns}_a${activation}_s${width}`,
      doc: `One row of the array: ${p.columns} binary weights x ${activation}-bit activations per cycle, latency 3.`,
      ports: laneInterface(p.columns, activation, width),
    },
    (m, io) => {
      const enable = io.advance;
      m.comment('Stage 1: ones of weight AND activation, per bit plane.');
      const counts = unpack(io.planes, p.columns).map((plane, b) => {
        const ones = io.weight.and(plane).named(`active_${b}`).popcount().named(`ones_${b}`);
        return m.delay(`count_${b}`, ones, { enable });
      });

      m.comment('Stage 2: planes weighted by their power of two; the top plane counts negative.');
      const weighted = (count: UInt, b: number): UInt => count.shl(b);
      const positive = sum(counts.slice(0, -1).map(weighted), 'planes_sum');
      const difference = positive.sub(weighted(counts.at(-1)!, activation - 1)).named('signed_sum');
      const partial = m.delay('partial', difference, { enable });

      m.comment('Stage 3: accumulate over the columns of a row.');
      const total = m.register('running', sint(width), { enable: enable.and(io.take).named('accumulate') });
      const before = io.first.mux(m.constant(sint(width), 0), total).named('total_before');
      const next = before.add(partial).named('next_total');
      total.next(next.width > width ? next.trunc(width) : next.ext(width)); // `width` holds any sum of maxColumns products
      io.total.drive(total);
    },
  );
}
