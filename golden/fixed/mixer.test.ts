import { expect, it } from 'vitest';
import { randomSource } from '../testing/random.ts';
import { activate, gateOutput, stepSize } from './mixer.ts';

const ONE = 2 ** 16;
const silu = (x: number) => x / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

it.each([
  [-12, -13],
  [-16, -16],
  [-9, -12],
  [-3, -4],
])('activate: every 16-bit argument in units of 2^%i, results of 2^%i', (from, to) => {
  let worst = 0;
  for (let x = -32768; x < 32768; x++)
    worst = Math.max(worst, Math.abs(activate(x, from, to) * 2 ** to - silu(x * 2 ** from)));
  expect(worst).toBeLessThanOrEqual(2 ** -15 + 2 ** (to - 1));
});

it.each([
  [-12, 0.7, 20],
  [-10, 14.3, 20],
  [-14, 0.002, 18],
])('stepSize: every 16-bit dt in units of 2^%i, |A| log2 e = %f, %i fraction bits', (unit, rate, dtFraction) => {
  const rateUnit = -12;
  const s = { unit, bias: -3 * ONE, rate: Math.round(rate * 2 ** 12), rateUnit, dtFraction, dtBits: 24 };
  let [dtWorst, decayWorst] = [0, 0];
  for (let raw = -32768; raw < 32768; raw++) {
    const { dt, wide, decay } = stepSize(raw, s);
    if (dt !== Math.min(wide, 2 ** 24 - 1)) expect.fail(`dt ${dt} of ${wide}`);
    dtWorst = Math.max(dtWorst, Math.abs(wide * 2 ** -dtFraction - softplus(raw * 2 ** unit - 3)));
    decayWorst = Math.max(decayWorst, Math.abs(decay / ONE - 2 ** (-dt * 2 ** -dtFraction * s.rate * 2 ** rateUnit)));
  }
  expect(dtWorst).toBeLessThanOrEqual(2 ** -16 + 2 ** (-dtFraction - 1));
  expect(decayWorst).toBeLessThanOrEqual(2 ** -16 + 2 ** -17);
});

it('gateOutput: half a unit, halves up, without the lowest value', () => {
  const random = randomSource(4);
  for (let i = 0; i < 20_000; i++) {
    const [y, gate] = [Math.floor((random() - 0.5) * 2 ** 24), Math.floor((random() - 0.5) * 2 ** 16)];
    const { wide, kept } = gateOutput(y, gate, 15, 24);
    if (Math.abs(wide - (y * gate) / 2 ** 15) > 0.5) expect.fail(`${y} ${gate}: ${wide}`);
    if (kept !== Math.max(-(2 ** 23 - 1), Math.min(2 ** 23 - 1, wide))) expect.fail(`${wide}: ${kept}`);
  }
  expect(gateOutput(-3, 1, 1, 24).kept).toBe(-1);
  expect(gateOutput(-(2 ** 23), 1, 0, 24)).toEqual({ wide: -(2 ** 23), kept: -(2 ** 23) + 1 });
});
