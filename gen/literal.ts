/** Values known at elaboration, as bits: numbers and state names, refused when their type cannot hold them exactly. */
import type { Diagnostic } from './diagnostic.ts';
import type { NodeFactory } from './factory.ts';
import { type BitType, bitsFor, type Const } from './ir.ts';
import type { Location } from './location.ts';
import { codeOf, type Enumeration, type Fixed, showShape, showType } from './shape.ts';
import type { Literal } from './value.ts';

/** Least and greatest integer of a type. */
export function rangeOf({ width, signed }: BitType): readonly [low: bigint, high: bigint] {
  const half = 1n << BigInt(width - 1);
  return signed ? [-half, half - 1n] : [0n, 2n * half - 1n];
}

/** Whether a value is a whole number in the range of the type. */
export function fits(value: unknown, type: BitType): boolean {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return false;
  const [low, high] = rangeOf(type);
  return (value as bigint) >= low && (value as bigint) <= high;
}

/** What a number stands for; anything else is reported and becomes zero. */
export function wholeNumber(module: NodeFactory, value: unknown, location: Location): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isInteger(value)) return BigInt(value as number);
  module.report({
    id: 'not-a-value',
    what: 'an operand is neither a signal nor a whole number',
    location,
    expected: 'a signal, a whole number or a bigint',
    found: typeof value === 'object' ? 'an object' : `${typeof value} ${String(value)}`,
    remedy:
      typeof value === 'string' || typeof value === 'boolean' || Number.isNaN(value)
        ? 'hand over a signal, or a whole number; operators such as + and < do not work on signals: use .add, .lt, ...'
        : 'hand over a signal (of a record: one of its fields), or a whole number',
  });
  return 0n;
}

/** A plain number where nothing says what type it has. */
export const withoutType = (what: string, value: unknown, location: Location): Diagnostic => ({
  id: 'not-a-value',
  what: `${what} has no type`,
  location,
  expected: 'a signal',
  found: showFound(value),
  remedy: 'say how many bits it has: m.constant(uint(1), 0)',
});

/** A constant node; a value out of range is reported and becomes zero. */
export function literal(module: NodeFactory, value: bigint, type: BitType, location: Location): Const {
  const [low, high] = rangeOf(type);
  const fits = value >= low && value <= high;
  if (!fits)
    module.report({
      id: 'constant-range',
      what: `the constant ${value} does not fit in ${showType(type)}`,
      location,
      expected: `a value from ${low} to ${high}`,
      found: `${value}, which needs ${bitsFor(value, type.signed || value < 0n)} bits`,
      remedy: 'widen the other operand with .ext, or correct the constant',
    });
  const { width, signed } = type;
  return module.create({ tag: 'const', width, signed, value: fits ? value : 0n }, location) as Const;
}

/** x 2^n as an integer; undefined when it is none. */
export function scaled(x: Literal, n: number): bigint | undefined {
  if (typeof x === 'bigint') {
    const unit = 1n << BigInt(Math.abs(n));
    if (n >= 0) return x * unit;
    return x % unit === 0n ? x / unit : undefined;
  }
  const value = x * 2 ** n;
  return Number.isInteger(value) ? BigInt(value) : undefined;
}

/** The integer that stands for a literal in a leaf's bits; undefined, and reported, when there is none. */
export function codeOfLiteral(
  module: NodeFactory,
  type: Fixed | Enumeration,
  value: unknown,
  what: string,
  location: Location,
): bigint | undefined {
  const found = type.kind === 'enumeration' ? codeOfState(type, value) : codeOfNumber(type, value);
  if (typeof found === 'bigint') return found;
  module.report({ ...found, what: `${what}: ${found.what}`, location });
  return undefined;
}

type Refusal = Omit<Diagnostic, 'location'>;

function codeOfState(type: Enumeration, value: unknown): bigint | Refusal {
  const index = type.states.indexOf(value as string);
  if (index >= 0) return codeOf(type, index);
  return {
    id: 'unknown-state',
    what: `${type.name} has no such state`,
    expected: `one of ${type.states.join(', ')}`,
    found: typeof value === 'string' ? `'${value}'` : showFound(value),
    remedy: 'correct the name, or add the state to the enumeration',
  };
}

function codeOfNumber(type: Fixed, value: unknown): bigint | Refusal {
  if (typeof value !== 'number' && typeof value !== 'bigint') return notOfShape(showShape(type), value);
  const code = scaled(value, type.fraction);
  if (code === undefined) return notRepresentable(type, value);
  const [low, high] = rangeOf(type);
  if (code >= low && code <= high) return code;
  return outOfRange(type, value, low, high);
}

const outOfRange = (type: Fixed, value: Literal, low: bigint, high: bigint): Refusal => ({
  id: 'constant-range',
  what: `the constant ${value} does not fit in ${showShape(type)}`,
  expected: `a value from ${Number(low) * 2 ** -type.fraction} to ${Number(high) * 2 ** -type.fraction}`,
  found: `${value}`,
  remedy: 'give the type more integer bits, or correct the constant',
});

const notRepresentable = (type: Fixed, value: Literal): Refusal => ({
  id: 'fixed-literal',
  what: `the constant ${value} is not exact in ${showShape(type)}`,
  expected: `a multiple of ${2 ** -type.fraction} (2^${-type.fraction})`,
  found: `${value}`,
  remedy: 'give more fraction bits, or name a rounding: quantize(value, type, { rounding, overflow })',
});

/** What is no value of the shape at all. */
export const notOfShape = (expected: string, value: unknown): Refusal => ({
  id: 'wrong-shape',
  what: 'a value of another shape',
  expected,
  found: showFound(value),
  remedy: 'give every field, and nothing else, with values of its shape',
});

export const showFound = (value: unknown): string => {
  if (value === null || typeof value !== 'object') return `${value}`;
  const parts = Object.keys(value).join(', ');
  return Array.isArray(value) ? `a list of ${value.length}` : `a record of ${parts || 'nothing'}`;
};
