/** One row of the array: popcounts of the weight bits against every activation plane, shifted, and added up over weight planes and columns. */
import { bit, type Design, defineModule, input, output, sint, sum, type UInt, uint, unpack } from '../../gen/index.ts';
import { accumulate, addPlanes } from './accumulator.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';

/** Latencies of a lane, counted from its weights. */
export interface LaneLatency {
  /** At which the shifts are wanted. */
  readonly shift: number;
  /** At which the sum of a weight plane is complete: `run` and `firstPlane` are wanted then. */
  readonly plane: number;
  /** At which the partial sum meets the accumulator: `take`, `first`, `recall` and `stored` are wanted then. */
  readonly partial: number;
  readonly total: number;
}

export function laneLatency(p: MatmulParameters): LaneLatency {
  const shift = 2;
  const plane = shift + (p.maxShift > 0 ? 1 : 0) + (p.columns > p.segment ? 1 : 0);
  const partial = plane + (p.planes > 1 ? 1 : 0);
  return { shift, plane, partial, total: partial + 1 };
}

/** The ports of a lane that do not depend on how it computes. */
export const sumInterface = (w: MatmulWidths) => ({
  advance: input(bit, 'the pipeline moves in this cycle'),
  run: input(bit, 'the sum of a weight plane counts'),
  firstPlane: input(bit, 'and is of the highest plane'),
  take: input(bit, 'the partial sum counts'),
  first: input(bit, 'and is the first of its row'),
  recall: input(bit, 'and goes on from the stored sum, not from the one before'),
  stored: input(sint(w.sum), 'sum of the row over the columns before'),
  next: output(sint(w.sum), 'sum of the row with the partial sum'),
  total: output(sint(w.sum), 'the last sum: of b 2^shift q, b in {0, 1}'),
});

const laneInterface = (columns: number, w: MatmulWidths) => ({
  weight: input(uint(columns), 'bits of K weights'),
  planes: input(uint(columns * w.activation), 'bit planes of K activations, plane 0 (weight 1) in the low bits'),
  shift: input(uint(w.segments * w.shift), 'shift of every segment, the first in the low bits'),
  ...sumInterface(w),
});

/**
 * U = sum_k 2^k sum_i b_k,i 2^s q_i over weight planes k, highest first, and columns i, with b in {0, 1} and q two's complement of A bits:
 * for every segment sum_b c_b 2^b popcount(weight and plane b), c_b = -1 for the top plane, else 1 (MODEL.md 2), shifted left by s.
 * K binary weights times A bits per cycle. Latency from `weight` and `planes` to `total`: `laneLatency`.
 */
export function lane(p: MatmulParameters): Design<ReturnType<typeof laneInterface>> {
  const w = matmulWidths(p);
  const latency = laneLatency(p);
  return defineModule(
    {
      name: `matmul_lane_k${p.columns}_s${p.segment}_a${w.activation}_w${p.planes}_e${p.maxShift}_u${w.sum}`,
      doc: `One row of the array: ${p.columns} weight bits x ${w.activation}-bit activations per cycle, latency ${latency.total}.`,
      ports: laneInterface(p.columns, w),
    },
    (m, io) => {
      const pipe = m.pipeline('lane', { enable: io.advance });
      const weights = unpack(pipe.enter(io.weight), p.segment);
      const planes = unpack(pipe.enter(io.planes), p.columns).map((plane) => unpack(plane, p.segment));
      const shifts = unpack(pipe.enter(io.shift, latency.shift), w.shift);
      if (p.maxShift === 0) m.unused(io.shift);
      if (p.planes === 1) m.unused(io.run, io.firstPlane);

      const partials = weights.map((weight, s) => {
        m.comment(
          `Segment ${s}: ones of weight AND activation per bit plane, weighted by their power of two, shifted.`,
        );
        const counts = planes.map((plane, b) => {
          const ones = weight.and(plane[s]!).named(`active_${s}_${b}`).popcount().named(`ones_${s}_${b}`);
          return pipe.stage(`count_${s}_${b}`, ones);
        });
        const weighted = (count: UInt, b: number): UInt => count.shl(b);
        const positive = sum(counts.slice(0, -1).map(weighted), `planes_sum_${s}`);
        const top = weighted(counts.at(-1)!, w.activation - 1);
        const segment = pipe.stage(`segment_${s}`, positive.sub(top).named(`signed_sum_${s}`));
        if (p.maxShift === 0) return segment;
        return pipe.stage(`shifted_${s}`, segment.shiftLeft(shifts[s]!, segment.width + p.maxShift));
      });
      const all = sum(partials, 'segments');
      const plane = partials.length === 1 ? all : pipe.stage('partial', all);
      const run = io.advance.and(io.run).named('run_plane');
      const partial = p.planes === 1 ? plane : addPlanes(m, p, plane, io.firstPlane, run);
      const take = io.advance.and(io.take).named('accumulate');
      const { next, total } = accumulate(m, p, { ...io, partial, take });
      io.next.drive(next);
      io.total.drive(total);
    },
  );
}
