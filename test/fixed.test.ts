/** Fixed point in the simulator against exact integers: every value at small widths, random ones at large. */
import { describe, expect, it } from 'vitest';
import {
  type Bits,
  bit,
  defineModule,
  type Fixed,
  type FixedSignal,
  type Inside,
  type Interface,
  input,
  type OutputPort,
  type Overflow,
  output,
  quantize,
  type Rounding,
  type Shape,
  type Sign,
  type Signal,
  sfixed,
  toBits,
  ufixed,
  vector,
} from '../gen/index.ts';
import { createSimulator } from '../sim/index.ts';
import { createRandom } from '../sim/random.ts';

const roundings: readonly Rounding[] = ['floor', 'toward-zero', 'half-up', 'half-even', 'half-away'];
const overflows: readonly Overflow[] = ['wrap', 'saturate'];
const modes = roundings.flatMap((rounding) => overflows.map((overflow) => ({ rounding, overflow })));

/** n / 2^drop rounded, from the definition: the step below, the step above, and which of them. */
function rounded(n: bigint, drop: number, rounding: Rounding): bigint {
  if (drop <= 0) return n << BigInt(-drop);
  const one = 1n << BigInt(drop);
  const below = (n - (((n % one) + one) % one)) / one;
  const twice = 2n * (n - below * one);
  if (twice === 0n) return below;
  const above = below + 1n;
  const toZero = n < 0n ? above : below;
  const nearest = twice === one ? undefined : twice > one ? above : below;
  switch (rounding) {
    case 'floor':
      return below;
    case 'toward-zero':
      return toZero;
    case 'half-up':
      return nearest ?? above;
    case 'half-even':
      return nearest ?? (below % 2n === 0n ? below : above);
    case 'half-away':
      return nearest ?? (toZero === below ? above : below);
  }
}

function limited(n: bigint, type: Fixed, overflow: Overflow): bigint {
  if (overflow === 'wrap') return type.signed ? BigInt.asIntN(type.width, n) : BigInt.asUintN(type.width, n);
  const high = (1n << BigInt(type.signed ? type.width - 1 : type.width)) - 1n;
  const low = type.signed ? -high - 1n : 0n;
  return n < low ? low : n > high ? high : n;
}

const valuesOf = ({ width, signed }: Fixed): bigint[] =>
  Array.from({ length: 2 ** width }, (_, i) => BigInt(signed ? i - 2 ** (width - 1) : i));

const fixedOf = (sign: Sign, width: number, fraction: number): Fixed =>
  sign === 'signed' ? sfixed(width - fraction, fraction) : ufixed(width - fraction, fraction);

type Leaves = Readonly<Record<string, Signal | FixedSignal>>;

/** The shapes of what `make` makes of ports. */
function shapesOf<I extends Interface>(ports: I, make: (io: Inside<I>) => Leaves): Record<string, Shape> {
  let shapes: Record<string, Shape> = {};
  defineModule({ name: 'shapes', doc: '', ports }, (m, io) => {
    const made = make(io);
    m.cover('used', toBits<Record<string, Bits | Fixed>>(made).any(), '');
    shapes = Object.fromEntries(Object.entries(made).map(([name, value]) => [name, value.type]));
  });
  return shapes;
}

/** A module of one input with many functions of it as outputs; gives all of them for each value of the input. */
function table(
  type: Fixed,
  functions: Readonly<Record<string, (x: FixedSignal) => Signal | FixedSignal>>,
  values: readonly bigint[],
): (name: string, i: number) => bigint {
  const shapes = shapesOf({ x: input(type, '') }, ({ x }) =>
    Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, f(x as FixedSignal)])),
  );
  const outputs: Record<string, OutputPort<Shape>> = {};
  for (const [name, shape] of Object.entries(shapes)) outputs[name] = output(shape, '');
  const { module } = defineModule(
    { name: 'functions', doc: '', ports: { x: input(type, ''), ...outputs } },
    (_m, io) => {
      const ports = io as unknown as Record<string, { drive(value: unknown): void }>;
      for (const [name, f] of Object.entries(functions)) ports[name]!.drive(f(io.x as FixedSignal));
    },
  );
  const engine = createSimulator(module);
  const rows = values.map((value) => {
    engine.poke('x', value);
    engine.eval();
    return new Map(Object.keys(functions).map((name) => [name, engine.peek(name)]));
  });
  return (name, i) => rows[i]!.get(name)!;
}

const signs: readonly Sign[] = ['unsigned', 'signed'];
const sources = signs.flatMap((sign) => [1, 2, 3, 4, 5, 6].map((width) => [sign, width] as const));

describe('quantize', () => {
  it.each(sources)('every value of %s of %i bits, to every mode and many types', (sign, width) => {
    const source = fixedOf(sign, width, 3);
    const cases = signs.flatMap((to) =>
      [1, 2, 3, 5, 8].flatMap((bits) =>
        [-2, 0, 1, 2, 3, 5, 6, 7, 9].flatMap((drop) =>
          modes.map((mode) => ({ type: fixedOf(to, bits, 3 - drop), drop, mode })),
        ),
      ),
    );
    const functions = Object.fromEntries(
      cases.map(({ type, mode }, i) => [`y${i}`, (x: FixedSignal) => x.quantize(type, mode)]),
    );
    const values = valuesOf(source);
    const found = table(source, functions, values);
    const wrong: string[] = [];
    for (const [i, n] of values.entries()) {
      for (const [c, { type, drop, mode }] of cases.entries()) {
        const expected = limited(rounded(n, drop, mode.rounding), type, mode.overflow);
        const inSoftware = quantize(Number(n) / 8, type, mode) * 2 ** type.fraction;
        if (found(`y${c}`, i) !== expected || BigInt(inSoftware) !== expected)
          wrong.push(`${n}/8 drop ${drop} ${mode.rounding} ${mode.overflow} to ${type.sign} ${type.width}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('random values of up to 130 bits', () => {
    const random = createRandom(11);
    const int = (low: number, high: number): number => low + random.below(high - low + 1);
    for (let n = 0; n < 20; n++) {
      const width = int(20, 130);
      const source = fixedOf(signs[n % 2]!, width, int(-10, 80));
      const cases = modes.flatMap((mode) =>
        signs.map((to) => ({ mode, type: fixedOf(to, int(1, width + 5), source.fraction - int(-5, width + 3)) })),
      );
      const functions = Object.fromEntries(
        cases.map(({ type, mode }, i) => [`y${i}`, (x: FixedSignal) => x.quantize(type, mode)]),
      );
      const values = Array.from({ length: 20 }, () => {
        const bits = random.bits(int(1, width));
        return source.signed ? BigInt.asIntN(width, random.chance(0.5) ? -bits : bits) : bits;
      });
      const found = table(source, functions, values);
      for (const [i, value] of values.entries()) {
        for (const [c, { type, mode }] of cases.entries()) {
          const exact = rounded(value, source.fraction - type.fraction, mode.rounding);
          expect(found(`y${c}`, i)).toBe(limited(exact, type, mode.overflow));
        }
      }
    }
  });
});

describe('arithmetic is exact whatever the binary points', () => {
  const types = (sign: Sign) => [fixedOf(sign, 4, 2), fixedOf(sign, 3, -1), fixedOf(sign, 3, 5)];
  const pairs = signs.flatMap((sign) => types(sign).flatMap((a) => types(sign).map((b) => [a, b] as const)));

  it.each(pairs)('%o and %o', (a, b) => {
    const units = { a: 2 ** -a.fraction, b: 2 ** -b.fraction };
    const inputs = { a: input(a as Fixed<'signed'>, ''), b: input(b as Fixed<'signed'>, '') };
    const operations = (x: FixedSignal<'signed'>, y: FixedSignal<'signed'>) => ({
      sum: x.add(y),
      difference: x.sub(y),
      product: x.mul(y),
      negative: x.neg(),
      times8: x.shl(3),
      eighth: x.shr(3),
      more: x.add(2 ** -a.fraction),
    });
    const compare = (x: FixedSignal<'signed'>, y: FixedSignal<'signed'>) => [
      x.lt(y),
      x.le(y),
      x.gt(y),
      x.ge(y),
      x.eq(y),
      x.ne(y),
    ];
    const shapes = shapesOf(inputs, (io) => operations(io.a, io.b)) as Record<string, Fixed<'signed'>>;
    const ports = { ...inputs, y: output(shapes, ''), c: output(vector(bit, 6), '') };
    const { module } = defineModule({ name: 'pair', doc: '', ports }, (_m, io) => {
      io.y.drive(operations(io.a, io.b));
      io.c.drive(compare(io.a, io.b));
    });
    const engine = createSimulator(module);
    for (const x of valuesOf(a)) {
      for (const y of valuesOf(b)) {
        engine.poke('a', x);
        engine.poke('b', y);
        engine.eval();
        const get = (name: string): number => Number(engine.peek(`y_${name}`)) * 2 ** -shapes[name]!.fraction;
        const [p, q] = [Number(x) * units.a, Number(y) * units.b];
        expect(Object.keys(shapes).map(get)).toEqual([p + q, p - q, p * q + 0, -p + 0, 8 * p, p / 8, p + units.a]);
        const expected = [p < q, p <= q, p > q, p >= q, p === q, p !== q];
        expect(expected.map((_, i) => engine.peek(`c_${i}`))).toEqual(expected.map(BigInt));
      }
    }
  });
});
