import { describe, expect, it } from 'vitest';
import { DesignError } from '../diagnostic.ts';
import { input, output } from '../interface.ts';
import { defineModule, type ModuleBuilder } from '../module.ts';
import { bit } from '../shape.ts';
import type { UInt } from '../signal.ts';
import { pathsOf } from './combinational.ts';
import { flatten } from './flatten.ts';
import { rewriteModule } from './rewrite.ts';

const oneBit = { x: input(bit, ''), y: output(bit, '') };
const design = (body: (m: ModuleBuilder, x: UInt) => UInt, name = 'top') =>
  defineModule({ name, doc: '', ports: oneBit }, (m, io) => io.y.drive(body(m, io.x)));

/** a -> y through an inverter, and b -> z through a register; the two do not meet. */
const lane = defineModule(
  {
    name: 'lane',
    doc: '',
    ports: { a: input(bit, ''), b: input(bit, ''), y: output(bit, ''), z: output(bit, '') },
  },
  (m, io) => {
    io.y.drive(io.a.not().named('inverted'));
    io.z.drive(m.delay('held', io.b, { reset: 1 }));
  },
);

/** Names of the signals on the loop that `build` ends with; every one of them has a place. */
function loopOf(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    const { id, status, found } = error as DesignError;
    expect(error).toBeInstanceOf(DesignError);
    expect({ id, status }).toEqual({ id: 'combinational-loop', status: 2 });
    const places = / \([^()]*loop\.test\.ts:\d+:\d+\)/g;
    expect(found.match(places)).toHaveLength(found.split('<-').length);
    return found.replace(places, '').split(/\s*<-\s*/);
  }
  return [];
}

describe('combinational loops', () => {
  it('are shown with every signal and where it was written, inside instances too', () => {
    const wrapped = design((m, x) => {
      const inner = m.instance('inner', lane);
      inner.a.drive(x);
      inner.b.drive(x);
      return inner.y.or(inner.z);
    }, 'wrapped');
    const build = () =>
      design((m, x) => {
        const child = m.instance('child', wrapped);
        const request = m.wire('request', bit);
        child.x.drive(request);
        request.drive(child.y.and(x).named('granted'));
        return x;
      });
    expect(loopOf(build)).toEqual([
      ...['request', 'granted', 'child_y', 'child.y', 'child.(or)', 'child.inner_y', 'child.inner.y'],
      ...['child.inner.inverted', 'child.inner.a', 'child.x', 'request'],
    ]);
  });

  it('go through combinational reads, not through registers and not between unrelated ports', () => {
    const memory = (kind: 'read' | 'readNow') => () =>
      design((m, x) => {
        const words = m.memory('words', { depth: 2, shape: bit });
        words.write({ address: x, data: x, enable: x });
        const address = m.wire('address', bit);
        address.drive(words[kind]('word', address).xor(x).named('next'));
        return address;
      });
    expect(loopOf(memory('readNow'))).toEqual(['address', 'next', 'word', 'address']);
    expect(loopOf(memory('read'))).toEqual([]);
    const beside = () =>
      design((m, x) => {
        const child = m.instance('child', lane);
        child.a.drive(x);
        child.b.drive(child.y);
        return child.z;
      });
    expect(loopOf(beside)).toEqual([]);
    expect(Object.fromEntries(pathsOf(lane.module))).toEqual({ y: ['a'], z: [] });
  });

  it('are found in modules that a pass made', () => {
    const { module } = design((m, x) => {
      const kept = m.wire('kept', bit);
      kept.drive(x);
      return kept.not().named('late');
    });
    const kept = module.nodes.find((n) => module.names.get(n) === 'kept')!;
    const late = module.nodes.find((n) => module.names.get(n) === 'late')!;
    const looped = { ...rewriteModule(module, {}), drivers: new Map() };
    const at = (id: number) => looped.nodes[id]!;
    for (const [wire, driver] of module.drivers) {
      looped.drivers.set(at(wire.id), wire === kept ? at(late.id) : at(driver.id));
    }
    expect(loopOf(() => flatten(looped))).toEqual(['kept', 'late', 'kept']);
  });

  it('are looked for without recursion', () => {
    let value: UInt | undefined;
    const deep = design((m, x) => {
      const start = m.wire('start', bit);
      value = start;
      for (let i = 0; i < 300_000; i++) value = m.located(() => value!.not());
      start.drive(x);
      return value;
    });
    expect(pathsOf(deep.module).get('y')).toEqual(['x']);
  });

  it('name the input of every group of 32', () => {
    const ports = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x${i}`, input(bit, '')]));
    const { module } = defineModule({ name: 'wide', doc: '', ports: { ...ports, y: output(bit, '') } }, (m, io) => {
      const of = (i: number) => (io as unknown as Record<string, UInt>)[`x${i}`]!;
      for (let i = 0; i < 70; i++) m.unused(of(i));
      io.y.drive(of(3).xor(of(35)).xor(of(69)));
    });
    expect(pathsOf(module).get('y')).toEqual(['x3', 'x35', 'x69']);
  });
});
