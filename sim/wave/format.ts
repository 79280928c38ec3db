/** Values as text. */
import type { TraceSignal, Value } from './trace.ts';

export const radices = ['hex', 'decimal', 'binary'] as const;
export type Radix = (typeof radices)[number];

/** Digits of a word, `x` where a bit of the digit is unknown. */
function digits(value: Value, width: number, bitsPerDigit: 1 | 4): string {
  const bits = typeof value === 'string' ? value : BigInt.asUintN(width, value).toString(2);
  const count = Math.ceil(width / bitsPerDigit);
  const padded = bits.padStart(count * bitsPerDigit, '0');
  return Array.from({ length: count }, (_, i) => {
    const part = padded.slice(i * bitsPerDigit, (i + 1) * bitsPerDigit);
    if (/^z+$/.test(part)) return 'z';
    return /[xz]/.test(part) ? 'x' : Number.parseInt(part, 2).toString(16);
  }).join('');
}

/** value / 2^fraction, exact. */
function fixedPoint(value: bigint, fraction: number): string {
  if (fraction <= 0) return `${value << BigInt(-fraction)}`;
  const magnitude = value < 0n ? -value : value;
  const places = (magnitude * 5n ** BigInt(fraction)).toString().padStart(fraction + 1, '0');
  const decimals = places.slice(-fraction).replace(/0+$/, '');
  const whole = places.slice(0, -fraction);
  return `${value < 0n ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`;
}

/**
 * A value as people read it: fixed-point signals as numbers, enumerations by name; of the others, signed ones as decimal
 * numbers and unsigned ones as all their hexadecimal digits, or both in the radix given. Unknown digits are `x`.
 */
export function showValue(value: Value, signal: TraceSignal, radix?: Radix): string {
  const { width, signed, display } = signal;
  if (typeof value === 'string') return digits(value, width, radix === 'binary' || width < 4 ? 1 : 4);
  if (radix === 'binary') return digits(value, width, 1);
  const read = signed === true ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
  if (display?.kind === 'fixed') return fixedPoint(read, display.fraction);
  if (display?.kind === 'enumeration') {
    return display.states.find(([code]) => code === `${read}`)?.[1] ?? `${display.name} ${read}?`;
  }
  return radix === 'decimal' || (radix === undefined && signed === true) ? `${read}` : digits(value, width, 4);
}
