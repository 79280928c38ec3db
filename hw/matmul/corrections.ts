/** The scalars of vectors: what is given with them, and what their results have too much. */
import {
  cat,
  type Inside,
  type ModuleBuilder,
  type SInt,
  sint,
  sum,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { asSum } from './accumulator.ts';
import type { Loaded } from './activations.ts';
import type { MatmulInterface } from './interface.ts';
import type { Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths, ternaryCells } from './parameters.ts';
import { shiftedLeft, shiftStages } from './shift.ts';
import { levels, sumOfSigned } from './ternary.ts';

export function correctionLatency(p: MatmulParameters): number {
  const { load } = matmulWidths(p);
  return 1 + levels(Math.min(p.segment, load)) + shiftStages(p.maxShift) + 2;
}

/**
 * What every result of a vector has too much. U counts bits b in {0, 1}; with Q = sum_i 2^s q_i and W planes the sum wanted is
 * 2 U - (2^W - 1) Q for planes of signs, U - 2^(W-1) Q for two's complement with its highest bit inverted. `write` is 1, with the
 * vector's place and correction, `correctionLatency` cycles after the vector's last activations are taken. Its flags need no reset: the
 * first activations of a vector begin its sum anew, and what a false one writes is written again.
 */
export function corrections(
  m: ModuleBuilder,
  p: MatmulParameters,
  from: Loaded,
  matrixOf: Loader['matrix'],
): { readonly write: UInt; readonly address: UInt; readonly correction: SInt } {
  const w = matmulWidths(p);
  const pipe = m.pipeline('load');
  m.comment('Q = sum 2^s q of a vector: what U has too much, whatever the weights.');
  const shifts = unpack(pipe.enter(from.shift), w.shift);
  const entered = from.q.map((q) => pipe.enter(q.asSigned()));
  const width = Math.min(p.segment, w.load);
  const terms = Array.from({ length: w.loadSegments }, (_, s) => {
    const ofSegment = entered.slice(s * width, (s + 1) * width);
    const segment = sumOfSigned(m, pipe, ofSegment, { name: `q_sum_${s}`, cells: ternaryCells(p) });
    return shiftedLeft(m, pipe, segment, shifts[s]!, p.maxShift, `shifted_q_${s}`);
  });
  const beat = pipe.stage('beat_q', sum(terms, 'beat_q_sum'));
  const latency = pipe.latency(beat);
  const arrived = pipe.at(pipe.enter(from.load), latency);
  const fresh = pipe.at(pipe.enter(from.column.eq(0).and(from.chunk.eq(0)).named('load_first')), latency);
  const total = m.register('vector_q', sint(w.sum), { enable: arrived });
  const next = fresh.mux(m.constant(total.type, 0), total).add(beat).named('next_vector_q');
  total.next(asSum(next, p));

  const complete = pipe.at(pipe.enter(from.complete), latency + 1);
  const address = pipe.at(pipe.enter(slotOf(from.bank, from.token, p)), latency + 1);
  if (p.planes === 1) return { write: complete, address, correction: total };
  const { planes, signs } = matrixOf(address.bit(address.width - 1));
  const doubled = total.shiftLeft(planes, w.sum + p.planes);
  const wide = signs.mux(doubled.sub(total).named('q_of_signs'), doubled.shr(1).ext(w.sum + p.planes + 1));
  return { write: complete, address, correction: asSum(wide.named('correction_in'), p) };
}

/** The place of a vector's scalars; the highest bit is the bank. */
export const slotOf = (bank: UInt, token: UInt, p: MatmulParameters): UInt =>
  p.tokens === 1 ? bank : cat(bank, token);

/** Scalars of vectors, written when their last activations are taken: rounding and bias as they are given, the correction when it is known. */
export function scalars(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  from: Loader,
  correction: ReturnType<typeof corrections>,
) {
  const w = matmulWidths(p);
  m.comment('Scalars of the vectors.');
  const depth = p.tokens === 1 ? 2 : 2 ** (w.token + 1);
  const given = m.memory('scalars', {
    depth,
    shape: { round: uint(w.shift), bias: sint(w.bias) },
    style: 'distributed',
  });
  given.write({ address: slotOf(from.bank, from.token, p), data: io.token.payload, enable: from.complete });
  const sums = m.memory('corrections', { depth, shape: sint(w.sum), style: 'distributed' });
  sums.write({ address: correction.address, data: correction.correction, enable: correction.write });
  return (slot: UInt, enable: UInt) => ({
    ...given.read('scalar', slot, { enable }),
    correction: sums.read('correction', slot, { enable }),
  });
}
