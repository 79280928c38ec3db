import { describe, expect, it } from 'vitest';
import { DesignError } from './diagnostic.ts';
import {
  bit,
  defineModule,
  input,
  type ModuleBuilder,
  output,
  type SInt,
  type Signal,
  sint,
  type UInt,
  uint,
} from './index.ts';

interface Io {
  readonly a: UInt;
  readonly b: UInt;
  readonly s: SInt;
}

/** Runs `body` in a module with a few ports; gives the diagnostics, or none. */
function diagnostics(
  body: (io: Io, m: ModuleBuilder) => Signal | undefined,
): readonly DesignError['diagnostics'][number][] {
  const ports = { a: input(uint(8), 'a'), b: input(uint(4), 'b'), s: input(sint(8), 's'), y: output(uint(8), 'y') };
  try {
    defineModule({ name: 'probe', doc: 'Probe.', ports }, (m, io) => {
      m.unused(io.a, io.b, io.s);
      body(io, m);
      io.y.drive(io.a);
    });
    return [];
  } catch (error) {
    if (error instanceof DesignError) return error.diagnostics;
    throw error;
  }
}

const ids = (body: Parameters<typeof diagnostics>[0]): string[] => diagnostics(body).map((d) => d.id);

describe('growth', () => {
  const width = (body: (io: Io) => Signal): string => {
    let found = '';
    expect(
      ids((io) => {
        const { type } = body(io);
        found = `${type.sign} ${type.width}`;
        return undefined;
      }),
    ).toEqual([]);
    return found;
  };
  it('is exact', () => {
    expect(width(({ a, b }) => a.add(b))).toBe('unsigned 9');
    expect(width(({ a, b }) => a.sub(b))).toBe('signed 9');
    expect(width(({ a, b }) => a.mul(b))).toBe('unsigned 12');
    expect(width(({ s }) => s.add(-1))).toBe('signed 9');
    expect(width(({ a }) => a.add(1))).toBe('unsigned 9');
    expect(width(({ a }) => a.toSigned())).toBe('signed 9');
    expect(width(({ s }) => s.shl(3))).toBe('signed 11');
    expect(width(({ s }) => s.shr(3))).toBe('signed 5');
    expect(width(({ a }) => a.popcount())).toBe('unsigned 4');
  });
});

describe('mistakes', () => {
  const cases: readonly [string, string, Parameters<typeof diagnostics>[0]][] = [
    ['widths of a bitwise operation', 'width-mismatch', ({ a, b }) => a.and(b)],
    ['signs of a sum', 'sign-mismatch', ({ a, s }) => a.add(s as unknown as UInt)],
    ['a constant that does not fit', 'constant-range', ({ b }) => b.eq(16)],
    ['a negative constant beside an unsigned value', 'constant-range', ({ a }) => a.and(-1)],
    ['a slice outside', 'slice-range', ({ a }) => a.slice(8, 0)],
    ['an empty slice', 'slice-range', ({ a }) => a.slice(2, 3)],
    ['trunc that widens', 'trunc-width', ({ a }) => a.trunc(9)],
    ['ext that narrows', 'ext-width', ({ a }) => a.ext(4)],
    ['a select of several bits', 'select-width', ({ a, b }) => b.mux(a, 0)],
    ['branches of different width', 'width-mismatch', ({ a, b }) => a.bit(0).mux(a, b)],
    ['a register without next', 'undriven', (_io, m) => m.register('r', uint(3))],
    ['a wire without driver', 'undriven', (_io, m) => m.wire('w', bit)],
    ['a reset value that does not fit', 'reset-value', ({ a }, m) => m.delay('r', a, { reset: 256 })],
    ['an enable of several bits', 'enable-width', ({ a, b }, m) => m.delay('r', a, { enable: b })],
  ];
  it.each(cases)('%s', (_what, id, body) => {
    expect(ids(body)).toEqual([id]);
  });

  it('drives a wire twice', () => {
    expect(
      ids((_io, m) => {
        const w = m.wire('w', bit);
        w.drive(0);
        w.drive(1);
        return undefined;
      }),
    ).toEqual(['driven-twice']);
  });

  it('are collected and point at the line that made them', () => {
    const found = diagnostics(({ a, b }) => {
      a.and(b);
      return a.slice(9, 9);
    });
    expect(found.map((d) => d.id)).toEqual(['width-mismatch', 'slice-range']);
    const lines = found.map((d) => d.location.resolve()!);
    expect(lines.every((l) => l.file.endsWith('signal.test.ts'))).toBe(true);
    expect(lines[1]!.line).toBe(lines[0]!.line + 1);
  });

  it('read like this', () => {
    const [d] = diagnostics(({ a, b }) => a.xor(b));
    const { what, expected, found, remedy } = d!;
    expect({ what, expected, found, remedy }).toMatchInlineSnapshot(`
      {
        "expected": "two values of one type, as the first: uint(8)",
        "found": "uint(8) and uint(4)",
        "remedy": "widen the narrower with .ext, or narrow the wider with .trunc",
        "what": "the operands of xor differ in type",
      }
    `);
  });
});
