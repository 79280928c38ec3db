/** The functions as units of their own, from stream to stream. */
import {
  type Design,
  defineModule,
  type ModuleBuilder,
  type Pipeline,
  type Readable,
  type Shape,
  type SinkPort,
  type SourcePort,
  sink,
  sint,
  source,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { DECAY_FRACTION, FUNCTION_FRACTION, SOFTPLUS_FRACTION } from '../../golden/fixed/index.ts';
import { HardwareProblem } from '../problem.ts';
import { exp2 } from './exp2.ts';
import { rsqrt } from './rsqrt.ts';
import { type CurveName, curves, sizedTable } from './sized.ts';
import { silu, softplus } from './tails.ts';

export type NonlinearInterface<X extends Shape, Y extends Shape> = {
  readonly x: SinkPort<X>;
  readonly y: SourcePort<Y>;
};

/** A stream through a pipeline that stands while its last result is not taken. Initiation interval 1. */
function unit<X extends Shape, Y extends Shape>(
  name: string,
  doc: string,
  x: X,
  y: Y,
  compute: (m: ModuleBuilder, p: Pipeline, x: Readable<X>, enable: UInt) => Readable<Y>,
): Design<NonlinearInterface<X, Y>> {
  const ports = { x: sink(x, 'arguments'), y: source(y, 'values') };
  return defineModule({ name, doc, ports }, (m, io) => {
    const advance = io.y.ready.or(io.y.valid.not()).named('advance');
    const pipe = m.pipeline('x', { enable: advance });
    const valid = pipe.flag(io.x.valid);
    const value = compute(m, pipe, pipe.enter(io.x.payload), advance);
    io.x.ready.drive(advance);
    io.y.valid.drive(pipe.at(valid, pipe.latency(value)));
    io.y.payload.drive(value);
  });
}

function checkBits(name: string, bits: number, low: number): void {
  if (Number.isInteger(bits) && bits >= low && bits <= 48) return;
  throw new HardwareProblem(name, 'bits', `a whole number from ${low} to 48`, `${bits}`);
}

/** The table for an error bound, or golden's, and how the unit's name and text tell. */
function tableFor(name: CurveName, error: number | undefined, contract: string) {
  if (error === undefined) return { table: curves[name].golden, suffix: '', within: contract };
  const sized = sizedTable(name, error);
  return { table: sized.table, suffix: `_s${sized.table.values.length - 1}`, within: sized.error.toExponential(2) };
}

/** `softplus` of `bits`-bit arguments, with golden's table or the smallest whose error is at most `error`. */
export function softplusUnit(bits: number, error?: number) {
  checkBits('softplus', bits, 2);
  const width = Math.max(bits + SOFTPLUS_FRACTION - FUNCTION_FRACTION, SOFTPLUS_FRACTION + 1);
  const { table, suffix, within } = tableFor('softplus', error, '2^-16');
  const doc = `log(1 + exp(x)): x ${bits} bits with 16 fraction bits, result with 20; latency 5, error at most ${within}.`;
  return unit(`softplus_w${bits}${suffix}`, doc, sint(bits), uint(width), (m, p, x, enable) =>
    softplus(m, p, x, enable, table),
  );
}

/** `silu` of `bits`-bit arguments, likewise. */
export function siluUnit(bits: number, error?: number) {
  checkBits('silu', bits, 2);
  const { table, suffix, within } = tableFor('silu', error, '2^-15');
  const doc = `x / (1 + exp(-x)): x ${bits} bits, 16 fraction bits here and there; latency 5, error at most ${within}.`;
  return unit(`silu_w${bits}${suffix}`, doc, sint(bits), sint(Math.max(bits, FUNCTION_FRACTION)), (m, p, x, enable) =>
    silu(m, p, x, enable, table),
  );
}

/** `exp2` of `bits`-bit arguments, likewise. */
export function exp2Unit(bits: number, error?: number) {
  checkBits('exp2', bits, FUNCTION_FRACTION + 1);
  const { table, suffix, within } = tableFor('exp2', error, '2^-16');
  const doc = `2^-t: t ${bits} bits, 16 fraction bits here and there; latency 4, error at most ${within}.`;
  return unit(`exp2_w${bits}${suffix}`, doc, uint(bits), uint(DECAY_FRACTION + 1), (m, p, t, enable) =>
    exp2(m, p, t, enable, table),
  );
}

/** `rsqrt` of 64-bit arguments, likewise; the error is relative. */
export function rsqrtUnit(error?: number) {
  const { table, suffix, within } = tableFor('rsqrt', error, '2^-16');
  const doc = `1 / sqrt(x) = mantissa 2^(-16 - exponent): x 64 bits, 1 or more; latency 8, relative error at most ${within}.`;
  return unit(`rsqrt_w64${suffix}`, doc, uint(64), { mantissa: uint(18), exponent: uint(6) }, (m, p, x, enable) =>
    rsqrt(m, p, x, enable, table),
  );
}
