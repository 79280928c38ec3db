/** Mistakes that once passed, or ended in an exception that no user understands. */
import { describe, expect, it } from 'vitest';
import {
  cat,
  DesignError,
  defineModule,
  type Encoding,
  enumeration,
  input,
  type ModuleBuilder,
  output,
  sfixed,
  type UInt,
  uint,
} from './index.ts';

const ports = { a: input(uint(8), 'a'), y: output(uint(8), 'y') };

/** What a design is told. */
function told(build: () => unknown): string[] {
  try {
    build();
    return [];
  } catch (error) {
    if (!(error instanceof DesignError)) throw error;
    return error.diagnostics.map((d) => `${d.id}: ${d.what}`);
  }
}

const inBody = (body: (m: ModuleBuilder, a: UInt) => void) => (): unknown =>
  defineModule({ name: 'probe', doc: 'Probe.', ports }, (m, io) => {
    m.unused(io.a);
    io.y.drive(io.a);
    body(m, io.a);
  });
const toldOf = (body: (m: ModuleBuilder, a: UInt) => void): string[] => told(inBody(body));

describe('numbers that are no width, place or amount', () => {
  it.each([
    [Number.NaN, 0],
    [1.5, 1.5],
    [3, 0.5],
  ])('slice(%d, %d)', (high, low) => {
    expect(toldOf((_m, a) => a.slice(high, low))).toEqual([`slice-range: bits ${high} down to ${low} do not exist`]);
  });

  it.each([0, -1, 2.5, 2 ** 20 + 1])('shiftLeft to %d bits', (width) => {
    expect(toldOf((_m, a) => a.shiftLeft(a, width))).toEqual([`type-width: .shiftLeft cannot have ${width} bits`]);
  });

  it('a binary point between two bits', () => {
    const half = (m: ModuleBuilder) => m.constant(sfixed(4, 4), 1).shl(0.5);
    expect(toldOf(half)).toEqual(['shift-range: the binary point cannot move by 0.5']);
  });

  it('a case of a switch', () => {
    expect(toldOf((m, a) => m.switch(a, [[1.5, () => {}]]))).toEqual([
      'not-a-value: an operand is neither a signal nor a whole number',
    ]);
  });

  it('numbers where nothing says their type', () => {
    expect(toldOf((m, a) => m.unused(a.bit(0).mux(0 as never, 1 as never) as UInt))).toEqual([
      'not-a-value: a choice between plain numbers has no type',
    ]);
    expect(toldOf((m, a) => m.unused(a.bit(0).mux(300, a)))).toEqual([
      'constant-range: the constant 300 does not fit in uint(8)',
    ]);
    expect(toldOf((m, a) => m.unused(cat(1 as never, a, 0 as never)))).toEqual([
      'not-a-value: a part of cat has no type',
      'not-a-value: a part of cat has no type',
    ]);
    expect(told(() => cat(1 as never))).toEqual(['empty-list: cat of nothing']);
  });

  it('operators of JavaScript', () => {
    const plus = inBody((m, a) => m.unused(a.and(`${a}1` as never)));
    expect(plus).toThrow(/found: {4}string \[object Object\]1\n {2}to fix: .*operators such as \+ and < do not work/);
  });

  it('are all that Node prints of an exception', () => {
    try {
      uint(0);
    } catch (error) {
      expect(Object.keys(error as object)).toEqual([]);
    }
  });

  it('values wider than any type', () => {
    const wide = (m: ModuleBuilder) => {
      const x = m.constant(uint(2 ** 19 + 1), 1);
      m.unused(x.mul(x));
    };
    expect(toldOf(wide)).toEqual([`type-width: a value (mul) cannot have ${2 ** 20 + 2} bits`]);
    expect(told(() => sfixed(2 ** 20, 1))).toEqual(['shape-parameter: a fixed-point type needs bits']);
  });
});

it('an encoding that does not exist', () => {
  expect(told(() => enumeration('mode', ['idle', 'run'], { encoding: 'johnson' as Encoding }))).toEqual([
    'shape-parameter: mode has no encoding johnson',
  ]);
});

describe('memories', () => {
  it('have at most 2^30 words', () => {
    expect(toldOf((m) => m.memory('words', { depth: 2 ** 30 + 1, shape: uint(8) }))).toContain(
      'memory-size: memory words cannot be built',
    );
  });

  it('point at the port that is wrong', () => {
    const place = (port: 'read' | 'readNow' | 'write'): number => {
      try {
        inBody((m, a) => {
          const words = m.memory('words', { depth: 4, shape: uint(8), init: [1] });
          m.unused(words.readNow('good', a.trunc(2)));
          const make = {
            read: () => words.read('word', a),
            readNow: () => words.readNow('word', a),
            write: () => words.write({ address: a, data: a, enable: a.bit(0) }),
          };
          make[port]();
        })();
      } catch (error) {
        return (error as DesignError).diagnostics.find((d) => d.id === 'memory-port')!.location.resolve()!.line;
      }
      return 0;
    };
    const first = place('read');
    expect([place('readNow') - first, place('write') - first]).toEqual([1, 2]);
  });

  it.each(['address', 'data', 'enable', 'mask', 'from', 'keep'] as const)('take no %s of another module', (what) => {
    const parts = (a: UInt) => ({
      address: a.trunc(2),
      data: a,
      enable: a.bit(0),
      mask: a.trunc(2),
      from: a.trunc(2),
      keep: a.bit(1),
    });
    const foreign: { [part in typeof what]?: UInt } = {};
    inBody((_m, a) => Object.assign(foreign, parts(a)))();
    const mistakes = toldOf((m, a) => {
      const { from, keep, ...write } = { ...parts(a), [what]: foreign[what]! };
      const words = m.memory('words', { depth: 4, shape: uint(8) });
      words.write(write);
      m.unused(words.read('word', from, { enable: keep }));
    });
    expect(mistakes).toEqual(['foreign-signal: a signal of another module is used here']);
  });
});
