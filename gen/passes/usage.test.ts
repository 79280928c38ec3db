import { describe, expect, it } from 'vitest';
import type { DesignError } from '../diagnostic.ts';
import { input, output } from '../interface.ts';
import { defineModule, type ModuleBuilder } from '../module.ts';
import { bit, uint, vector } from '../shape.ts';
import { cat, type UInt } from '../signal.ts';

const byte = uint(8);

/** What a body with a byte, a bit and an output is told. */
function told(body: (m: ModuleBuilder, x: UInt, on: UInt) => UInt): string[] {
  try {
    const ports = { x: input(byte, ''), on: input(bit, ''), y: output(bit, '') };
    defineModule({ name: 'used', doc: '', ports }, (m, io) => io.y.drive(body(m, io.x, io.on)));
    return [];
  } catch (error) {
    return (error as DesignError).diagnostics.map((d) => `${d.id}: ${d.what}; ${d.found}`);
  }
}

describe('what nothing uses', () => {
  it('is an input, even where an expression that leads nowhere has it', () => {
    expect(told((_m, x) => x.any())).toEqual(['unused-input: nothing uses input on; none']);
    expect(
      told((_m, x, on) => {
        on.not().named('nowhere');
        return x.any();
      }),
    ).toEqual(['unused-input: nothing uses input on; none']);
  });

  it('is a register that feeds only itself, told once for a chain of them', () => {
    const count = (m: ModuleBuilder, x: UInt, on: UInt): UInt => {
      const steps = m.register('steps', byte, { reset: 0, enable: on });
      steps.next(steps.add(1).trunc(8));
      return x.any();
    };
    expect(told(count)).toEqual(['unused-value: nothing uses register steps; none']);
    const chain = (m: ModuleBuilder, x: UInt, on: UInt): UInt => {
      m.delay('third', m.delay('second', m.delay('first', on)));
      return x.any();
    };
    expect(told(chain)).toEqual(['unused-value: nothing uses register third; none']);
  });

  it('is a net, a read or a result', () => {
    const inner = defineModule({ name: 'inner', doc: '', ports: { a: input(bit, ''), b: output(bit, '') } }, (_m, io) =>
      io.b.drive(io.a.not()),
    );
    const body = (m: ModuleBuilder, x: UInt, on: UInt): UInt => {
      m.wire('net', bit).drive(on);
      const words = m.memory('words', { depth: 2, shape: bit });
      words.write({ address: on, data: on, enable: on });
      words.readNow('word', on);
      m.instance('lower', inner).a.drive(on);
      return x.any();
    };
    expect(told(body)).toEqual([
      'unused-value: nothing uses result lower_b; none',
      'unused-value: nothing uses read word; none',
      'unused-value: nothing uses net net; none',
    ]);
  });

  it('are bits that no slice has', () => {
    expect(told((_m, x, on) => cat(x.bit(6), x.slice(3, 2), x.slice(2, 1), on).parity())).toEqual([
      'dropped-bits: nothing uses some bits of input x; none of bit 7, bits 5 to 4, bit 0',
    ]);
    expect(told((_m, x, on) => x.slice(7, 4).any().and(x.slice(3, 0).any()).and(on))).toEqual([]);
    expect(told((_m, x, on) => x.bit(3).and(x.any()).and(on))).toEqual([]);
  });

  it('does not count where it is said so: by name, or marked', () => {
    expect(told((_m, x, on) => x.trunc(3).any().and(on))).toEqual([]);
    expect(told((_m, x, on) => x.shr(3).any().and(on))).toEqual([]);
    expect(
      told((m, x, on) => {
        m.unused(x.slice(6, 0), on);
        return x.bit(7);
      }),
    ).toEqual([]);
    expect(
      told((m, x, on) => {
        const pair = m.register('pair', vector(bit, 2));
        pair.next([on, x.bit(0)]);
        m.unused(pair);
        return x.any();
      }),
    ).toEqual([]);
  });

  it('is used by properties, memories and enables', () => {
    expect(
      told((m, x, on) => {
        m.assert('claim', on, '');
        return x.any();
      }),
    ).toEqual([]);
    expect(told((m, x, on) => m.delay('held', x.any(), { enable: on }))).toEqual([]);
  });
});
