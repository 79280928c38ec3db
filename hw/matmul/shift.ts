/**
 * Shifts by amounts that come at run time, two bits of the amount in a stage: a bit of the value is then a choice of four, which is one LUT6 or two
 * LUT4. All in one stage, a shift by up to 16 would be five choices one behind the other, the longest path of an array, and Yosys would make five LUT6 of
 * each bit to shorten it.
 */
import { bitsFor, cat, type ModuleBuilder, type Pipeline, type SInt, type UInt, uint } from '../../gen/index.ts';
import { resized } from '../width.ts';

/** A digit of the amount: its bits, and the most that it and those below it shift by. */
interface Digit {
  readonly low: number;
  readonly high: number;
  readonly most: number;
}

/** Of an amount of up to `most`, the lowest first. */
function digitsOf(most: number): Digit[] {
  const bits = most === 0 ? 0 : bitsFor(BigInt(most));
  return Array.from({ length: Math.ceil(bits / 2) }, (_, k) => {
    const high = Math.min(bits, 2 * k + 2) - 1;
    return { low: 2 * k, high, most: Math.min(most, 2 ** (high + 1) - 1) };
  });
}

/** Stages of a shift by up to `most`; none where it is 0. */
export const shiftStages = (most: number): number => digitsOf(most).length;

/** A stage of a shift: its bits, and of how many each is a choice. */
export interface ShiftStage {
  readonly width: number;
  readonly choices: number;
}

const choicesOf = ({ low, high }: Digit): number => 2 ** (high + 1 - low);

/** The stages of `shiftedLeft` of a value of so many bits. */
export const stagesLeft = (width: number, most: number): ShiftStage[] =>
  digitsOf(most).map((digit) => ({ width: width + digit.most, choices: choicesOf(digit) }));

/** Those of `shiftedRight` of a value whose lowest bits are `zeros`, and of whose result only so many bits are used. */
export const stagesRight = (
  width: number,
  most: number,
  { zeros, used }: { zeros: number; used: number },
): ShiftStage[] =>
  digitsOf(most).map((digit) => {
    const later = 2 ** digit.low - 1;
    const until = 2 ** bitsFor(BigInt(most)) - 2 ** digit.low;
    return { width: Math.min(width, used + later) - Math.max(0, zeros - until), choices: choicesOf(digit) };
  });

/** 2^amount x for an amount of up to `most`, exact; x and the amount may come at any latency. `shiftStages` stages. */
export function shiftedLeft(m: ModuleBuilder, pipe: Pipeline, x: SInt, amount: UInt, most: number, name: string): SInt {
  return digitsOf(most).reduce((value, digit) => {
    const as = stageName(name, digit);
    const width = x.width + digit.most;
    return pipe.join({ value, steps: amount.slice(digit.high, digit.low) }, (v) => {
      const filled = Math.min(width - 1, (choicesOf(digit) - 1) * 2 ** digit.low);
      const moved = v.value.shiftLeft(distance(m, v.steps, digit), width).named(`${as}_moved`);
      const low = lowest(m, v.value, v.steps, digit, filled, as);
      return pipe.stage(as, cat(moved.slice(width - 1, filled), low).asSigned());
    });
  }, x);
}

/**
 * Low bits of a step to the left, which are 0 for some of its distances: masked and combined, since where a register takes a bit or 0 Yosys uses its
 * reset, which an enable gates with a LUT for each of them.
 */
function lowest(m: ModuleBuilder, x: SInt, steps: UInt, digit: Digit, width: number, name: string): UInt {
  const masked: UInt[] = [];
  for (let i = 0; i * 2 ** digit.low < width; i++) {
    const zeros = i * 2 ** digit.low;
    const here = steps.eq(i).named(`${name}_is_${i}`).asSigned();
    const bits = resized(x, width - zeros).and(here.ext(width - zeros));
    masked.push(zeros === 0 ? bits.asUnsigned() : cat(bits, m.constant(uint(zeros), 0)));
  }
  return masked.reduce((a, b) => a.or(b)).named(`${name}_low`);
}

/** floor(x / 2^amount), as wide as x; the larger steps first, so that the smaller ones have fewer bits where only low ones are used. */
export function shiftedRight(
  m: ModuleBuilder,
  pipe: Pipeline,
  x: SInt,
  amount: UInt,
  most: number,
  name: string,
): SInt {
  return digitsOf(most)
    .reverse()
    .reduce(
      (value, digit) =>
        pipe.join({ value, steps: amount.slice(digit.high, digit.low) }, (v) =>
          pipe.stage(stageName(name, digit), v.value.shiftRight(distance(m, v.steps, digit))),
        ),
      x,
    );
}

/** How far a step moves. */
const distance = (m: ModuleBuilder, steps: UInt, { low }: Digit): UInt =>
  low === 0 ? steps : cat(steps, m.constant(uint(low), 0));

const stageName = (name: string, { low }: Digit): string => `${name}_by_${2 ** low}`;
