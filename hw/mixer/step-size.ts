/**
 * The step size of a head and its decay.
 *
 *     dt 2^argument + bias --> softplus --> saturate --+-------------------------> dt ----.
 *                                                      '--> rate dt --> 2^-t ----> decay --+--> heads that wait
 */
import {
  bit,
  bitsFor,
  cat,
  type Design,
  defineModule,
  output,
  sink,
  sint,
  source,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { connect, fifo } from '../../gen/stream/index.ts';
import { FUNCTION_FRACTION, type Numerics, SOFTPLUS_FRACTION } from '../../golden/fixed/index.ts';
import { mostArgumentShift } from '../conv/parameters.ts';
import { clampCounter, underWay } from '../lanes/counters.ts';
import { elementsShape } from '../lanes/regroup.ts';
import { exp2, softplus } from '../nonlinear/index.ts';
import { roundShiftBy } from '../scan/arithmetic.ts';
import { headShape } from '../scan/interface.ts';
import type { ScanParameters } from '../scan/parameters.ts';

export interface StepSizeParameters {
  readonly scan: ScanParameters;
  readonly numerics: Pick<Numerics, 'mixer'>;
}

/** Bits of dt_bias, as golden holds it. */
const biasBits = 32;
/** Whole parts of t up to 2^6 - 1: 2^-t is 0 from 18 on. */
export const decayExponentBits = FUNCTION_FRACTION + 6;
export const stepTokenShape = { argument: uint(bitsFor(BigInt(mostArgumentShift))), rate_shift: uint(6) };

export const headConstantsShape = (p: StepSizeParameters) => {
  const { direct, step_shift, output_shift } = headShape(p.scan);
  return { bias: sint(biasBits), rate: uint(p.numerics.mixer.rateBits - 1), direct, step_shift, output_shift };
};

const stepSizeInterface = (p: StepSizeParameters) => ({
  token: sink(
    stepTokenShape,
    'one token of one layer: shift of dt to 16 fraction bits (left); of rate dt to 16 fraction bits (right)',
  ),
  in: sink(elementsShape(p.numerics.mixer.projectedBits, 1), 'dt of a head as in_proj gives it; end: of the token'),
  constants: sink(
    headConstantsShape(p),
    'of a head: dt_bias with 16 fraction bits; |A| log2 e; D and shifts, which go along',
  ),
  head: source(headShape(p.scan), 'of a head, as the scan takes it'),
  saturations: output({ dt: uint(32) }, 'values clamped since reset, modulo 2^32'),
});
export type StepSizeInterface = ReturnType<typeof stepSizeInterface>;

/**
 * golden's `discretize`, bit for bit. A head per cycle, latency 17. The pipeline never stands: a head is let in when there is a place for it
 * among those that wait for the scan, which are as many as a token has.
 */
export function stepSizeUnit(p: StepSizeParameters): Design<StepSizeInterface> {
  const { dtBits, dtFraction } = p.scan.numerics;
  return defineModule(
    {
      name: 'mixer_step_size',
      doc: `dt = softplus(dt + bias) and decay = 2^-(rate dt), a head per cycle; ${p.scan.maxHeads} heads at most are under way.`,
      ports: stepSizeInterface(p),
    },
    (m, io) => {
      const room = m.wire('room', bit);
      const others = io.token.valid.and(room).named('others');
      const issue = others.and(io.in.valid).and(io.constants.valid).named('issue');
      io.in.ready.drive(others.and(io.constants.valid));
      io.constants.ready.drive(others.and(io.in.valid));
      io.token.ready.drive(issue.and(io.in.payload.end));
      m.unused(io.in.payload.count);

      const pipe = m.pipeline('head');
      const always = m.constant(bit, 1);
      const { bias, rate, ...constants } = pipe.enter({ ...io.constants.payload });
      const { argument, rate_shift } = pipe.enter({ ...io.token.payload });
      const raw = pipe.enter(io.in.payload.values.asSigned());
      const shifted = pipe.stage('raw_q', raw.shiftLeft(argument, raw.width + mostArgumentShift));
      const biased = pipe.join({ shifted, bias }, (v) => pipe.stage('biased_q', v.shifted.add(v.bias)));
      const smooth = softplus(m, pipe, biased, always);
      const rounded = roundFraction(smooth, SOFTPLUS_FRACTION - dtFraction);
      const high = rounded.width > dtBits ? rounded.slice(rounded.width - 1, dtBits).any() : m.constant(uint(1), 0);
      const fitted = rounded.width > dtBits ? rounded.trunc(dtBits) : rounded.ext(dtBits);
      const step = pipe.stage('dt', {
        value: high.mux(m.constant(fitted.type, -1n + (1n << BigInt(dtBits))), fitted),
        clamped: high,
      });

      m.comment('Decay.');
      const product = pipe.join({ dt: step.value, rate }, (v) => pipe.stage('product', v.dt.mul(v.rate)));
      const exponent = pipe.join({ product, by: rate_shift }, (v) =>
        pipe.stage('exponent_q', roundShiftBy(m, v.product.toSigned(), v.by, 'exponent').asUnsigned()),
      );
      const far = exponent
        .slice(exponent.width - 1, decayExponentBits)
        .any()
        .named('exponent_far');
      const top = decayExponentBits - 1;
      const t = pipe.stage('t', cat(exponent.bit(top).or(far), exponent.trunc(top)));
      const decay = exp2(m, pipe, t, always);
      const latency = pipe.latency(decay);
      const valid = pipe.at(pipe.flag(issue), latency);
      const clamped = pipe.at(step.clamped, latency);
      io.saturations.dt.drive(clampCounter(m, 'dt', clamped, valid));

      m.comment('Heads wait for the scan in a FIFO, whose places are counted from the issue on.');
      const places = p.scan.maxHeads;
      const heads = m.instance('heads', fifo(headShape(p.scan), { depth: places, counted: true }));
      m.unused(heads.count, heads.in.ready);
      heads.in.valid.drive(valid);
      heads.in.payload.drive({ decay, dt: pipe.at(step.value, latency), ...pipe.at(constants, latency) });
      connect(io.head, heads.out);
      const taken = io.head.valid.and(io.head.ready).named('taken');
      room.drive(underWay(m, 'heads_under_way', places, issue, taken).ne(places));
    },
  );
}

/** x / 2^n, halves up; a left shift where n < 0. */
function roundFraction(x: UInt, n: number): UInt {
  if (n <= 0) return x.shl(-n);
  return x.add(2 ** (n - 1)).shr(n);
}
