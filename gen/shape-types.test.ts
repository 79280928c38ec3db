/** What TypeScript sees of shapes: the checker of types is the test, so every mistake here must be an error to it. */
import { expect, it } from 'vitest';
import {
  bit,
  defineModule,
  enumeration,
  input,
  output,
  type SInt,
  sfixed,
  sint,
  type UInt,
  ufixed,
  uint,
  vector,
} from './index.ts';

const mode = enumeration('mode', ['idle', 'run']);
const pair = { a: uint(4), b: vector(sint(4), 2) };
const ports = {
  mode: input(mode, ''),
  pair: input(pair, ''),
  level: input(sfixed(4, 4), ''),
  size: input(ufixed(4, 4), ''),
  on: input(bit, ''),
  out: output(pair, ''),
  next: output(mode, ''),
  volume: output(sfixed(4, 4), ''),
};

const mistakes = () =>
  defineModule({ name: 'mistakes', doc: '', ports }, (m, io) => {
    // @ts-expect-error an input is not driven
    io.pair.drive({ a: 0, b: [0, 0] });
    // @ts-expect-error nor is a part of it
    io.pair.a.drive(0);
    // @ts-expect-error a record without a field
    io.out.drive({ a: 0 });
    // @ts-expect-error a field too many
    io.out.drive({ a: 0, b: [0, 0], c: 0 });
    // @ts-expect-error a signed value in an unsigned field
    io.out.a.drive(io.pair.b[0]!);
    // @ts-expect-error a state that there is not
    io.next.drive('stop');
    // @ts-expect-error nor to compare with
    io.mode.is('stop');
    // @ts-expect-error fixed point is no integer
    io.out.a.drive(io.size);
    // @ts-expect-error signs of fixed point do not mix
    io.level.add(io.size);
    // @ts-expect-error a narrowing without its modes
    io.volume.drive(io.level.quantize(sfixed(4, 4)));
    // @ts-expect-error nor with one of them
    io.volume.drive(io.level.quantize(sfixed(4, 4), { rounding: 'floor' }));
    // @ts-expect-error a reset value of another shape
    m.register('r', pair, { reset: { a: 0 } });
    // @ts-expect-error a delay is no register
    m.delay('d', io.pair).next(io.pair);
    // @ts-expect-error a mux of two shapes
    io.on.mux(io.pair, io.level);
    // @ts-expect-error a constant that is no state
    m.constant(mode, 1);
    // @ts-expect-error a switch that leaves a state out
    m.switch(io.mode, { idle: () => {} });
    // @ts-expect-error a case that there is not
    m.switch(io.mode, { idle: () => {}, run: () => {}, stop: () => {} });
    // @ts-expect-error a word of another shape
    m.memory('words', { depth: 2, shape: pair }).write({ address: io.on, data: io.level, enable: io.on });
  });

it('mistakes are told at run time too', () => {
  expect(mistakes).toThrow();
});

it('types come through', () => {
  defineModule({ name: 'types', doc: 'Types.', ports }, (m, io) => {
    const late = m.delay('late', io.pair);
    m.unused(late);
    const a: UInt = late.a;
    const b: SInt = io.on.mux(io.pair, { a: 1, b: [2, io.pair.b[0]!] }).b[1]!;
    const words = m.memory('words', { depth: 2, shape: pair, init: [{ a: 1, b: [0, -1] }] });
    const read = words.readNow('word', io.on);
    const word: UInt = read.a;
    const built = m.delay('built', { x: a, y: b });
    const sum: SInt = built.y;
    m.unused(read, built);
    const kept = m.register('kept', pair, { reset: { a: 3, b: [0, 0] } });
    kept.a.next(word);
    kept.b.next([sum, 1]);
    io.out.drive(kept);
    io.volume.drive(io.level.add(io.size.toSigned()).quantize(sfixed(4, 4), { rounding: 'floor', overflow: 'wrap' }));
    m.switch(io.mode, { idle: () => io.next.drive('run'), run: () => io.next.drive(io.mode) });
    expect(kept.a.type).toEqual(uint(4));
  });
});
