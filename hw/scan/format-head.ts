/** One static unit per head: golden's `scanToken`. */
import { roundShift, type SInt, saturate, sint, type UInt, uint } from '../../gen/index.ts';
import { roundShiftBy } from './arithmetic.ts';
import type { FormatHardware } from './format.ts';
import type { ScanParameters } from './parameters.ts';

/** step = sat(round(dt x / 2^stepShift)); S' = sat(round((decay S + step B) / 2^decayFraction)). */
export const headFormat = ({ numerics: f }: ScanParameters): FormatHardware => ({
  stepBits: f.stepBits,
  coarseBits: 1,
  prepare: (m, pipe, product, shift, name) => {
    const shifted = pipe.stage(`${name}_shifted`, roundShiftBy(m, product, shift, name));
    const value = saturate(shifted, sint(f.stepBits));
    const clamped = differs(value, shifted);
    return pipe.stage(name, { value, coarse: m.constant(uint(1), 0), clamped });
  },
  factors: (m, pipe, { decay, step }) => {
    m.unused(step.coarse);
    return {
      decay: pipe.stage('decay_factor', decay.toSigned()),
      step: pipe.stage('step_factor', step.value),
      decayCoarse: m.constant(uint(1), 0),
      stepCoarse: step.coarse,
    };
  },
  update: (_m, pipe, row, q, b, name) => {
    const kept = pipe.join({ a: row.decay, q }, (v) => pipe.stage(`kept_${name}`, v.a.mul(v.q)));
    const driven = pipe.join({ t: row.step, b }, (v) => pipe.stage(`driven_${name}`, v.t.mul(v.b)));
    const exact = pipe.stage(`exact_${name}`, kept.add(driven));
    const rounded = roundShift(exact, f.decayFraction, 'half-up').named(`rounded_${name}`);
    const state = saturate(rounded, sint(f.stateBits));
    return pipe.stage(`state_${name}`, { state, clamped: differs(state, rounded) });
  },
});

/** 1 when two values of different width are different numbers. */
function differs(a: SInt, b: SInt): UInt {
  const width = Math.max(a.width, b.width);
  return a.ext(width).ne(b.ext(width));
}
