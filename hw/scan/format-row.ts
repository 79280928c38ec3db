/** A narrow state with one power-of-two exponent per row: golden's `scanTokenRows` up to S'. */
import {
  bit,
  bitsFor,
  cat,
  lessBy,
  type ModuleBuilder,
  type Pipeline,
  pack,
  repeat,
  type SInt,
  type Sign,
  type Signal,
  sint,
  type UInt,
  uint,
} from '../../gen/index.ts';
import type { RowState } from '../../golden/fixed/index.ts';
import { resized } from '../width.ts';
import { bitLength, magnitude, roundShiftBy, uneven } from './arithmetic.ts';
import { shiftParts } from './exponent.ts';
import type { FormatHardware, Update } from './format.ts';
import { productStyle, type ScanParameters } from './parameters.ts';
import { factorOf, factorStages, logicProduct, logicStages, multiplesOf, productStages } from './product.ts';

/** The wider operand of a DSP48E2's multiplier; the other has 18 bits. */
const operandBits = 27;

/**
 * t' B is shifted right by stepShift - k >= 0: left by 0 to step - 1 before the product, where a row does it once, and right by one of
 * few fixed amounts behind it. From the product's bits on nothing is left: shifts are at most the 2^amountBits - 1 that is no less.
 */
function stepAlignment(p: ScanParameters, f: RowState) {
  const step = operandBits - f.stepBits + 1;
  /** Of t' B, whose factor t' is never the lowest number of its bits. */
  const productBits = f.stepBits + p.numerics.inputBits - 1;
  const amountBits = bitsFor(BigInt(productBits));
  const rights = Array.from({ length: Math.ceil(2 ** amountBits / step) }, (_, c) => (c + 1) * step - 1);
  return { step, amountBits, rights, bits: productBits + step - 1, unseen: 2 * Math.floor((step - 2) / 2) };
}

const indexBits = (n: number): number => Math.max(1, Math.ceil(Math.log2(n)));

export function rowFormatOf(p: ScanParameters, f: RowState): FormatHardware {
  const n = p.numerics;
  const { step, amountBits, rights, ...aligned } = stepAlignment(p, f);
  const stepBits = f.stepBits + step - 1;
  const coarseBits = indexBits(rights.length);
  /** decay q is shifted left by the row's exponent, 0 to 16: by 0 to 4 before the product; and where the unit of S' is in it then. */
  const most = f.workBits - f.bits;
  const units = Array.from({ length: Math.min(4, Math.floor(most / 4) + 1) }, (_, c) => n.decayFraction - 4 * c);
  const dropped = 2 * Math.floor(units.at(-1)! / 2);
  /** Latency of a S: the shifted decay, its multiples, the product, its shift. */
  const keptAt = 2 + logicStages(f.bits) + 1;
  const mostLeft = most === 16 ? 4 : 3;
  return {
    stepBits,
    coarseBits,
    clampsSteps: false,
    inputsAt: Math.max(factorStages(productStyle(p)), keptAt - productStages(productStyle(p), n.inputBits)),
    /** k, t' and stepShift - k of the contract, then t' shifted left. */
    prepare: (m, pipe, product, shift, name) => {
      const wide = product.ext(Math.max(product.width, f.stepBits + 1));
      const size = pipe.stage(`${name}_size`, magnitude(wide).shr(f.stepBits - 1));
      const k = pipe.stage(`${name}_k`, bitLength(size));
      const shifted = pipe.join({ wide, k }, (v) =>
        pipe.stage(`${name}_shifted`, roundShiftBy(m, v.wide, v.k, name).trunc(f.stepBits + 1)),
      );
      const mantissa = pipe.stage(`${name}_mantissa`, withoutEnds(shifted));
      const remaining = pipe.join({ shift, k }, (v) => {
        const width = Math.max(v.shift.width, v.k.width);
        const rest = v.shift.ext(width).sub(v.k.ext(width)).named(`${name}_rest`);
        return pipe.stage(`${name}_right`, rest.trunc(width).asUnsigned());
      });
      return pipe.join({ mantissa, remaining }, (v) => {
        const amount = atMostBits(v.remaining, amountBits);
        const reached = rights.slice(0, -1).map((right) => amount.gt(right));
        const coarse = reached.length === 0 ? m.constant(bit, 0) : pack(reached).popcount();
        const leftBits = bitsFor(BigInt(step - 1));
        const lefts = rights.map((right) => m.constant(uint(leftBits), right % 2 ** leftBits));
        const left = lessBy(select(coarse, lefts), amount.ext(Math.max(amount.width, leftBits)).trunc(leftBits));
        return { ...pipe.stage(name, { value: v.mantissa.shiftLeft(left, stepBits), coarse }), clamped: undefined };
      });
    },
    update: (m, pipe, { decay, step: { value, coarse }, exponent }) => {
      const { by4, by1, once } = shiftParts(m, exponent!);
      const left = by1.add(once);
      const shifted = pipe.stage('decay_shifted', decay.shiftLeft(left, decay.width + mostLeft));
      const choice = pipe.stage('decay_unit', by4);
      const halves = units.map((u) => m.constant(uint(n.decayFraction), (1n << BigInt(u)) >> 1n));
      const addend = pipe.stage('decay_half', select(choice, halves));
      const decays = multiplesOf(m, pipe, shifted.toSigned(), [0, 2 ** (n.decayFraction + mostLeft)], 'decay');
      const steps = factorOf(m, pipe, productStyle(p), value, 'step');
      const { unseen } = aligned;
      const places = rights.map((right) => right - unseen);
      const one = m.constant(bit, 1);
      return (q, b, name) => {
        const product = logicProduct(m, pipe, decays, q, `kept_product_${name}`, { addend, dropped });
        const kept = pipe.join({ product, choice }, (v) => {
          const parts = units.map((u) => resized(v.product.shr(u - dropped), f.workBits));
          return pipe.stage(`kept_${name}`, select(v.choice, parts));
        });
        const driven = steps.times(b, `driven_${name}`, { dropped: unseen, bits: aligned.bits - unseen });
        const sum = pipe.join({ kept, driven, coarse }, (v) =>
          pipe.stage(`wide_${name}`, added(m, v.kept, v.driven, v.coarse, places, f.workBits)),
        );
        return saturated(m, pipe, sum, one, f, name);
      };
    },
  };
}

/** x, or the largest number of `bits` bits where x is larger. */
function atMostBits(x: UInt, bits: number): UInt {
  if (x.width <= bits) return x.ext(bits);
  const more = x.shr(bits).any();
  return cat(...(repeat(more, bits) as [UInt, ...UInt[]])).or(x.trunc(bits));
}

/** x in a bit less, symmetrically, of |x| <= 2^(n-2) in n bits: both ends are one too far. */
function withoutEnds(x: SInt): SInt {
  const bits = x.width - 1;
  const sign = x.bit(bits);
  const end = x.bit(bits - 1).and(
    x
      .trunc(bits - 1)
      .asUnsigned()
      .any()
      .not(),
  );
  const middle = x.slice(bits - 2, 1);
  const positive = cat(...(repeat(end.and(sign.not()), middle.width) as [UInt, ...UInt[]]));
  return cat(sign, middle.or(positive), x.bit(0).or(end)).asSigned();
}

/** A sum of S' before it is saturated. */
type Wide = {
  readonly value: SInt;
  /** t' B alone is beyond what any state can bring back, and its sign. */
  readonly far: UInt;
  readonly below: UInt;
};

/**
 * kept + d / 2 rounded half up, d = floor(t' B / 2^(right-1)): kept + floor(d / 2) + d mod 2 = floor((2 kept - not d) / 2). |kept| < 2^(bits-1), so
 * that from |d / 2| = 2^bits on only the sign matters: the sum needs no more than bits + 2 bits.
 */
function added(
  m: ModuleBuilder,
  kept: SInt,
  driven: SInt,
  coarse: UInt,
  rights: readonly number[],
  bits: number,
): Wide {
  m.unused(coarse);
  const width = bits + 2;
  const parts = rights.map((right) => driven.shr(Math.min(right, driven.width) - 1));
  const below = driven.bit(driven.width - 1);
  const far = parts.flatMap((part, c) => {
    if (part.width <= width) return [];
    const top = part.slice(part.width - 1, width - 1);
    return [coarse.eq(c).and(uneven(top))];
  });
  const doubled = cat(kept, m.constant(bit, 0)).asSigned();
  const near = parts.map((part) => resized(part, width));
  return {
    value: doubled.sub(select(coarse, near).not()).shr(1),
    far: far.reduce((a, b) => a.or(b), m.constant(bit, 0)),
    below,
  };
}

/**
 * S' in +-(2^(bits-1) - 1), 2 stages. Limits enter by the set and reset of registers, which take no LUT: the upper one in the first stage, whatever the
 * sign, the lower one in the second. -2^(bits-1) shows as the carry of -S', from which |S'| comes too.
 */
function saturated(
  m: ModuleBuilder,
  pipe: Pipeline,
  { value, far, below }: Wide,
  one: UInt,
  f: RowState,
  name: string,
): ReturnType<Update> {
  const { workBits: work, bits } = f;
  const most = 2 ** (work - 1) - 1;
  const top = value.slice(value.width - 1, work - 1);
  const beyond = far.or(uneven(top)).named(`wide_${name}_beyond`);
  const negative = far.mux(below, value.bit(value.width - 1)).named(`wide_${name}_negative`);
  const limited = pipe.stage(`limited_${name}`, {
    value: beyond.mux(m.constant(sint(work), most), value.trunc(work)),
    beyond,
    lower: beyond.and(negative).named(`wide_${name}_below`),
  });
  const sign = limited.value.bit(work - 1);
  const rest = limited.value.trunc(bits - 1).asUnsigned();
  const carry = sign.and(rest.any().not());
  const high = limited.value.slice(work - 2, bits - 1);
  const size = sign.mux(high.not(), high).add(carry).named(`size_${name}_sum`);
  const lowest = size.bit(size.width - 1).named(`lowest_${name}`);
  const orLowest = (x: UInt): UInt => lowest.mux(one, x);
  const limits = pipe.stage(`state_${name}`, {
    high: limited.lower.mux(m.constant(sint(work - 1), -(2 ** (work - 2))), limited.value.shr(1)),
    odd: orLowest(limited.value.bit(0)),
    clamped: orLowest(limited.beyond),
    size: size.trunc(high.width - 1),
    long: orLowest(size.bit(high.width - 1)),
  });
  return {
    state: cat(limits.high, limits.odd).asSigned(),
    clamped: limits.clamped,
    size: cat(limits.long, limits.size),
  };
}

/** values[choice]; the last for choices beyond. */
const select = <S extends Sign>(choice: UInt, values: readonly Signal<S>[]): Signal<S> =>
  values
    .slice(0, -1)
    .reduceRight((otherwise, value, i) => choice.eq(i).mux(value, otherwise) as Signal<S>, values.at(-1)!);
