/** Payloads of any shape, handled field by field or as one word. The only field of a single value is called `data`. */
import { pack } from '../arithmetic.ts';
import type { Drivable, Driven, Readable, Shape } from '../interface.ts';
import { type Bits, Signal, type UInt } from '../signal.ts';

const isBits = (shape: Shape): shape is Bits => typeof shape.width === 'number';

/** Names and types of the fields, in order of declaration. */
export const fieldsOf = (shape: Shape): readonly (readonly [field: string, type: Bits])[] =>
  isBits(shape) ? [['data', shape]] : Object.entries(shape);

/** Bits of all fields together. */
export const payloadWidth = (shape: Shape): number => fieldsOf(shape).reduce((sum, [, type]) => sum + type.width, 0);

const signalsOf = (payload: unknown): readonly (readonly [field: string, value: Signal])[] =>
  payload instanceof Signal ? [['data', payload]] : Object.entries(payload as Record<string, Signal>);

/** The shape that a payload has. */
export function shapeOf<T extends Shape>(payload: Readable<T>): T {
  const types = signalsOf(payload).map(([field, value]) => [field, value.type] as const);
  return (payload instanceof Signal ? payload.type : Object.fromEntries(types)) as T;
}

/** A payload of the same shape, made field by field. */
export function mapPayload<T extends Shape>(
  payload: Readable<T>,
  make: (value: Signal, field: string) => Signal,
): Readable<T> {
  const made = signalsOf(payload).map(([field, value]) => [field, make(value, field)] as const);
  return (payload instanceof Signal ? made[0]![1] : Object.fromEntries(made)) as Readable<T>;
}

/** Drives every field. */
export function drivePayload<T extends Shape>(to: Drivable<T>, from: Readable<T>): void {
  const values = new Map(signalsOf(from));
  for (const [field, target] of signalsOf(to)) (target as Driven).drive(values.get(field)!);
}

/** `yes` where the one-bit `select` is 1, else `no`. */
export function muxPayload<T extends Shape>(select: UInt, yes: Readable<T>, no: Readable<T>): Readable<T> {
  const others = new Map(signalsOf(no));
  return mapPayload(yes, (value, field) => select.mux(value, others.get(field)!));
}

/** All fields in one word, the first in the low bits. */
export const packPayload = <T extends Shape>(payload: Readable<T>): UInt =>
  pack(signalsOf(payload).map(([, value]) => value));

/** The payload that `packPayload` made `word` of. */
export function unpackPayload<T extends Shape>(shape: T, word: UInt): Readable<T> {
  let low = 0;
  const fields = fieldsOf(shape).map(([field, type]) => {
    const bits = word.slice(low + type.width - 1, low);
    low += type.width;
    return [field, type.signed ? bits.asSigned() : bits] as const;
  });
  return (isBits(shape) ? fields[0]![1] : Object.fromEntries(fields)) as unknown as Readable<T>;
}
