/** A narrow state with one power-of-two exponent per row: golden's `scanTokenRows` up to S'. */
import { type ModuleBuilder, type Pipeline, type SInt, type UInt, uint } from '../../gen/index.ts';
import type { RowState } from '../../golden/fixed/index.ts';
import { bitLength, divideSteps, magnitude, roundShiftBy, saturateSymmetric } from './arithmetic.ts';
import type { FormatHardware } from './format.ts';
import type { ScanParameters } from './parameters.ts';

/** The wider operand of a DSP48E2's multiplier; the other has 18 bits. */
const operandBits = 27;

/**
 * A shift right of a product by a row's amount is made of a shift left of the row's operand before the product, by 0 to
 * step - 1, and one of few fixed shifts right after it: quotient step + step - 1 for quotient < steps.
 */
interface Alignment {
  readonly step: number;
  readonly steps: number;
}

/** For t' B: stepShift - k >= 0, and from the product's width on nothing is left. */
const stepAlignment = (p: ScanParameters, f: RowState): Alignment => {
  const step = operandBits - f.stepBits + 1;
  return { step, steps: Math.ceil((f.stepBits + p.numerics.inputBits - 1) / step) };
};
/** For decay q: decayFraction - e, where 0 <= e <= workBits - bits. */
const decayAlignment = (p: ScanParameters, f: RowState): Alignment => {
  const step = operandBits - (p.numerics.decayFraction + 2) + 1;
  return { step, steps: Math.floor((f.workBits - f.bits) / step) + 1 };
};
const indexBits = (n: number): number => Math.max(1, Math.ceil(Math.log2(n)));

export function rowFormatOf(p: ScanParameters, f: RowState): FormatHardware {
  const n = p.numerics;
  const forStep = stepAlignment(p, f);
  const forDecay = decayAlignment(p, f);
  const stepBits = f.stepBits + forStep.step - 1;
  const coarseBits = indexBits(forStep.steps);
  return {
    stepBits,
    coarseBits,
    /** k, t' and stepShift - k of the contract, then t' shifted left. */
    prepare: (m, pipe, product, shift, name) => {
      const size = pipe.stage(`${name}_size`, magnitude(product));
      const k = pipe.stage(`${name}_k`, bitLength(m, size.shr(f.stepBits - 1)));
      const shifted = pipe.join({ product, k }, (v) =>
        pipe.stage(`${name}_shifted`, roundShiftBy(m, v.product, v.k, name).trunc(f.stepBits + 1)),
      );
      const mantissa = pipe.stage(`${name}_mantissa`, saturateSymmetric(shifted, f.stepBits, name).value);
      const remaining = pipe.join({ shift, k }, (v) => {
        const width = Math.max(v.shift.width, v.k.width);
        const rest = v.shift.ext(width).sub(v.k.ext(width)).named(`${name}_rest`);
        return pipe.stage(`${name}_right`, rest.trunc(width).asUnsigned());
      });
      return pipe.join({ mantissa, remaining }, (v) => {
        const { quotient, rest, beyond } = divideSteps(v.remaining, forStep.step, forStep.steps);
        const left = m
          .constant(rest.type, forStep.step - 1)
          .sub(rest)
          .trunc(rest.width)
          .asUnsigned();
        const aligned = v.mantissa.shiftLeft(left, stepBits);
        const value = beyond.mux(m.constant(aligned.type, 0), aligned);
        return pipe.stage(name, { value, coarse: quotient, clamped: m.constant(uint(1), 0) });
      });
    },
    /** decay 2^e as a shifted decay and a choice of the shift after the product. */
    factors: (_, pipe, { decay, step, exponent }) => {
      const { quotient, rest } = divideSteps(exponent!, forDecay.step, forDecay.steps);
      const shifted = decay.toSigned().shiftLeft(rest, operandBits);
      return {
        decay: pipe.stage('decay_factor', shifted),
        step: pipe.stage('step_factor', step.value),
        decayCoarse: pipe.stage('decay_coarse', quotient),
        stepCoarse: pipe.stage('step_coarse', step.coarse),
      };
    },
    update: (m, pipe, row, q, b, name) => {
      const kept = pipe.join({ a: row.decay, q, coarse: row.decayCoarse }, (v) => {
        const product = pipe.stage(`kept_product_${name}`, v.a.mul(v.q));
        const rights = Array.from({ length: forDecay.steps }, (_, c) => n.decayFraction - c * forDecay.step);
        return chosenShift(m, pipe, product, v.coarse, rights, `kept_${name}`);
      });
      const driven = pipe.join({ t: row.step, b, coarse: row.stepCoarse }, (v) => {
        const product = pipe.stage(`driven_product_${name}`, v.t.mul(v.b));
        const rights = Array.from({ length: forStep.steps }, (_, c) => (c + 1) * forStep.step - 1);
        return chosenShift(m, pipe, product, v.coarse, rights, `driven_${name}`);
      });
      const wide = pipe.join({ kept, driven }, (v) => pipe.stage(`wide_${name}`, v.driven.add(v.kept)));
      const { value, clamped } = saturateSymmetric(wide, f.workBits, `wide_${name}`);
      return pipe.stage(`state_${name}`, { state: value, clamped });
    },
  };
}

/** round(product / 2^rights[choice]): half of the unit that is chosen is added, then the shift is a multiplexer. 1 stage. */
function chosenShift(
  m: ModuleBuilder,
  pipe: Pipeline,
  product: SInt,
  choice: UInt,
  rights: readonly number[],
  name: string,
): SInt {
  const late = pipe.at(choice, pipe.latency(product));
  const halves = rights.map((n) => m.constant(product.type, n === 0 ? 0n : 1n << BigInt(n - 1)));
  const half = select(late, halves);
  const sum = pipe.stage(`${name}_sum`, product.add(half).trunc(product.width));
  const least = Math.min(...rights);
  const width = sum.width - least;
  const shifted = rights.map((n) => sum.shr(n).ext(width));
  return select(pipe.at(choice, pipe.latency(sum)), shifted).named(name);
}

/** values[choice]; the last for choices beyond. */
const select = (choice: UInt, values: readonly SInt[]): SInt =>
  values.slice(0, -1).reduceRight((otherwise, value, i) => choice.eq(i).mux(value, otherwise), values.at(-1)!);
