/** Arguments that bring the functions of a mixer to wanted results, as near as they come. */
import { activate, exp2Fixed, FUNCTION_FRACTION, softplusFixed } from '../golden/fixed/index.ts';

/** The least of `low`...`high` from which on `reached` holds; `high` where it does nowhere. */
function least(low: number, high: number, reached: (x: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (reached(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Where SiLU is least. */
const lowestArgument = -1.2785;

/** The value of `low`...`high` in units of 2^from whose SiLU is at least `wanted` in units of 2^to: from the lowest point of SiLU on. */
export const beforeSilu = (wanted: number, from: number, to: number, low: number, high: number): number =>
  least(Math.max(low, Math.ceil(lowestArgument * 2 ** -from)), high, (x) => activate(x, from, to) >= wanted);

const most = 2 ** (FUNCTION_FRACTION + 5);

/** The argument of softplus, in units of 2^-16, whose result is at least `wanted` in units of 2^-20. */
export const beforeSoftplus = (wanted: number): number => least(-most, most, (x) => softplusFixed(x) >= wanted);

/** t in units of 2^-16 at which 2^-t is `wanted` in units of 2^-16: the first and the last. */
export const beforeExp2 = (wanted: number): readonly [first: number, last: number] => [
  least(0, most, (t) => exp2Fixed(t) <= wanted),
  least(0, most, (t) => exp2Fixed(t) < wanted) - 1,
];
