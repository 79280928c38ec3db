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

/** `softplus` of `bits`-bit arguments. */
export function softplusUnit(bits: number) {
  checkBits('softplus', bits, 2);
  const width = Math.max(bits + SOFTPLUS_FRACTION - FUNCTION_FRACTION, SOFTPLUS_FRACTION + 1);
  const doc = `log(1 + exp(x)): x ${bits} bits with 16 fraction bits, result with 20; latency 5, error at most 2^-16.`;
  return unit(`softplus_w${bits}`, doc, sint(bits), uint(width), softplus);
}

/** `silu` of `bits`-bit arguments. */
export function siluUnit(bits: number) {
  checkBits('silu', bits, 2);
  const doc = `x / (1 + exp(-x)): x ${bits} bits, 16 fraction bits here and there; latency 5, error at most 2^-15.`;
  return unit(`silu_w${bits}`, doc, sint(bits), sint(Math.max(bits, FUNCTION_FRACTION)), silu);
}

/** `exp2` of `bits`-bit arguments. */
export function exp2Unit(bits: number) {
  checkBits('exp2', bits, FUNCTION_FRACTION + 1);
  const doc = `2^-t: t ${bits} bits, 16 fraction bits here and there; latency 4, error at most 2^-16.`;
  return unit(`exp2_w${bits}`, doc, uint(bits), uint(DECAY_FRACTION + 1), exp2);
}

/** `rsqrt` of 64-bit arguments. */
export const rsqrtUnit = () =>
  unit(
    'rsqrt_w64',
    '1 / sqrt(x) = mantissa 2^(-16 - exponent): x 64 bits, 1 or more; latency 8, relative error at most 2^-16.',
    uint(64),
    { mantissa: uint(18), exponent: uint(6) },
    rsqrt,
  );
