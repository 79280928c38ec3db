/** Pipelined nonlinear functions: golden's, bit for bit. */
export { exp2 } from './exp2.ts';
export { argumentBits, interpolate } from './interpolate.ts';
export { rsqrt } from './rsqrt.ts';
export { type CurveName, curves, type SizedTable, sizedTable } from './sized.ts';
export { silu, siluLeast, softplus } from './tails.ts';
export { exp2Unit, type NonlinearInterface, rsqrtUnit, siluUnit, softplusUnit } from './unit.ts';
