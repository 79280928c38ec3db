/** One static unit per head: golden's `scanToken`. */
import { roundShift, type SInt, saturate, sint, type UInt, uint } from '../../gen/index.ts';
import { roundShiftBy } from './arithmetic.ts';
import type { FormatHardware } from './format.ts';
import { productStyle, type ScanParameters } from './parameters.ts';
import { factorOf, factorStages } from './product.ts';

/** step = sat(round(dt x / 2^stepShift)); S' = sat(round((decay S + step B) / 2^decayFraction)). */
export const headFormat = (p: ScanParameters): FormatHardware => {
  const f = p.numerics;
  const products = productStyle(p);
  return {
    stepBits: f.stepBits,
    coarseBits: 1,
    clampsSteps: true,
    prepare: (m, pipe, product, shift, name) => {
      const shifted = pipe.stage(`${name}_shifted`, roundShiftBy(m, product, shift, name));
      const value = saturate(shifted, sint(f.stepBits));
      const clamped = differs(value, shifted);
      return pipe.stage(name, { value, coarse: m.constant(uint(1), 0), clamped });
    },
    inputsAt: 1 + factorStages(products),
    update: (m, pipe, { decay, step }) => {
      m.unused(step.coarse);
      const factor = (x: SInt, name: string) => factorOf(m, pipe, products, pipe.stage(`${name}_factor`, x), name);
      const decays = factor(decay.toSigned(), 'decay');
      const steps = factor(step.value, 'step');
      return (q, b, name) => {
        const kept = decays.times(q, `kept_${name}`);
        const driven = steps.times(b, `driven_${name}`);
        const exact = pipe.join({ kept, driven }, (v) => pipe.stage(`exact_${name}`, v.kept.add(v.driven)));
        const rounded = roundShift(exact, f.decayFraction, 'half-up').named(`rounded_${name}`);
        const state = saturate(rounded, sint(f.stateBits));
        return pipe.stage(`state_${name}`, { state, clamped: differs(state, rounded) });
      };
    },
  };
};

/** 1 when two values of different width are different numbers. */
function differs(a: SInt, b: SInt): UInt {
  const width = Math.max(a.width, b.width);
  return a.ext(width).ne(b.ext(width));
}
