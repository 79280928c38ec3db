/** One row of the array: popcounts of the weight bits against every activation plane, shifted, and added up over weight planes and columns. */
import { bit, type Design, defineModule, input, output, sint, uint, unpack } from '../../gen/index.ts';
import { addDigits, sumOfSegments, sumUp } from './accumulator.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';
import { allPlanes, productsLatency, somePlanes, summedColumns } from './products.ts';
import { shiftedLeft, shiftStages } from './shift.ts';

/** Latencies of a lane, counted from its weights. */
export interface LaneLatency {
  /** At which sums of passes meet their sign: `negative` is wanted then. */
  readonly sign: number;
  /** At which the shifts are wanted. */
  readonly shift: number;
  /** At which the sum of a pass is complete: `pass` and `firstPass` are wanted then. */
  readonly pass: number;
  /** At which the sum of a weight plane is complete: `run` and `firstPlane` are wanted then. */
  readonly plane: number;
  /** At which the partial sum meets the accumulator: `take`, `first`, `recall` and `stored` are wanted then. */
  readonly partial: number;
  readonly total: number;
}

export function laneLatency(p: MatmulParameters): LaneLatency {
  const several = matmulWidths(p).passes > 1 ? 1 : 0;
  const sign = productsLatency(p);
  const shift = sign + several;
  const pass = shift + shiftStages(p.maxShift) + (partialCount(p) > 1 ? 1 : 0);
  const plane = pass + several;
  const partial = plane + (p.planes > 1 ? 1 : 0);
  return { sign, shift, pass, plane, partial, total: partial + 1 };
}

/** Sums that the columns of a beat are added up in: one for each exponent. */
const partialCount = (p: MatmulParameters): number => p.columns / summedColumns(p);

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

const passPorts = {
  negative: input(bit, 'the highest of the planes counts negative'),
  pass: input(bit, 'the sum of a pass counts'),
  firstPass: input(bit, 'and is of the highest planes'),
};

/** Those of passes are there only where there are several. */
const laneInterface = (columns: number, w: MatmulWidths) => ({
  weight: input(uint(columns), 'bits of K weights'),
  planes: input(uint(columns * w.planesAtOnce), 'bit planes of K activations, plane 0 (weight 1) in the low bits'),
  ...(w.passes > 1 ? passPorts : ({} as typeof passPorts)),
  shift: input(uint(w.segments * w.shift), 'shift of every segment, the first in the low bits'),
  ...sumInterface(w),
});

/**
 * U = sum_k 2^k sum_i b_k,i 2^s q_i over weight planes k, highest first, and columns i, with b in {0, 1} and q two's complement of A bits:
 * for every segment its sum of products (`products.ts`), shifted left by s. With several passes over A' planes, highest first, their sums
 * are the digits of base 2^A' of that of a plane of weights. K binary weights times A' bits per cycle. Latency from `weight` and `planes` to `total`: `laneLatency`.
 */
export function lane(p: MatmulParameters): Design<ReturnType<typeof laneInterface>> {
  const w = matmulWidths(p);
  const latency = laneLatency(p);
  return defineModule(
    {
      name: `matmul_lane_k${p.columns}_s${p.segment}_a${w.activation}${w.passes === 1 ? '' : `_p${w.planesAtOnce}`}_w${p.planes}_e${p.maxShift}_u${w.sum}_${p.cells ?? 'portable'}`,
      doc: `One row of the array: ${p.columns} weight bits x ${w.planesAtOnce}-bit activations per cycle, latency ${latency.total}.`,
      ports: laneInterface(p.columns, w),
    },
    (m, io) => {
      const pipe = m.pipeline('lane', { enable: io.advance });
      const columns = summedColumns(p);
      const weights = unpack(io.weight, columns);
      const planes = unpack(io.planes, p.columns).map((plane) => unpack(plane, columns));
      const shifts = unpack(pipe.enter(io.shift, latency.shift), w.shift);
      if (p.maxShift === 0) m.unused(io.shift);

      const ofColumns = w.passes === 1 ? allPlanes(m, pipe, p) : somePlanes(m, pipe, p);
      const partials = weights.map((weight, s) => {
        m.comment(`Segment ${s}: the sum of products of its columns, shifted.`);
        const segment = ofColumns(s, { ...io, weight, planes: planes.map((plane) => plane[s]!) });
        return shiftedLeft(m, pipe, segment, shifts[s]!, p.maxShift, `shifted_${s}`);
      });
      const ofPass = sumOfSegments(pipe, partials);
      const digits = () => ({
        ...{ name: 'passes', count: w.passes, bits: w.planesAtOnce, first: io.firstPass },
        take: io.advance.and(io.pass).named('run_pass'),
      });
      sumUp(m, p, io, w.passes === 1 ? ofPass : addDigits(m, ofPass, digits()));
    },
  );
}
