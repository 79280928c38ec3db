import { describe, expect, it } from 'vitest';
import { input, output } from '../interface.ts';
import { operandsOf } from '../ir.ts';
import { defineModule, type ModuleBuilder } from '../module.ts';
import { bit, uint } from '../shape.ts';
import { cat, type UInt } from '../signal.ts';
import { type FlatDesign, flatten } from './flatten.ts';

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

function design(body: (m: ModuleBuilder, x: UInt) => UInt) {
  return defineModule({ name: 'top', doc: '', ports: { x: input(bit, ''), y: output(bit, '') } }, (m, io) =>
    io.y.drive(body(m, io.x)),
  ).module;
}

function expectOrdered(flat: FlatDesign): void {
  for (const [i, node] of flat.nodes.entries()) {
    expect(node.id).toBe(i);
    for (const operand of operandsOf(node)) {
      expect(operand.id).toBeLessThan(i);
      expect(flat.nodes[operand.id]).toBe(operand);
    }
  }
}

describe('flatten', () => {
  const twoLanes = design((m, x) => {
    const first = m.instance('lane_0', lane);
    const second = m.instance('lane_1', lane);
    first.a.drive(x);
    first.b.drive(first.y);
    second.a.drive(first.z);
    second.b.drive(x);
    m.unused(second.z);
    return second.y;
  });

  it('orders operands before users and joins instance paths', () => {
    const flat = flatten(twoLanes);
    expectOrdered(flat);
    expect(flat.nodes.map((n) => n.tag)).toEqual(['input', 'input', 'reg', 'not', 'not']);
    expect(flat.inputs.map((p) => p.name)).toEqual(['rst', 'x']);
    expect(flat.registers.map((r) => [r.name, r.reset])).toEqual([['lane_0.held', 1n]]);
    expect(flat.names.get('lane_0.held')).toBe(flat.registers[0]!.node);
    expect(flat.names.get('lane_1.inverted')).toBe(flat.outputs[0]!.node);
  });

  it('drops what no port depends on, unless names are kept', () => {
    expect(flatten(twoLanes).names.has('lane_1.held')).toBe(false);
    const named = flatten(twoLanes, { keep: 'named' });
    expectOrdered(named);
    expect(named.names.has('lane_1.held')).toBe(true);
    expect(named.registers).toHaveLength(2);
  });

  it('does not take a path through an instance for a loop', () => {
    const module = design((m, x) => {
      const child = m.instance('child', lane);
      child.a.drive(x);
      child.b.drive(child.y);
      return child.z;
    });
    expect(() => flatten(module)).not.toThrow();
  });

  it('takes chains far deeper than the stack', () => {
    const module = design((m, x) => {
      let value = x;
      for (let i = 0; i < 100_000; i++) value = m.located(() => value.not());
      return value;
    });
    expect(flatten(module).nodes).toHaveLength(100_001);
  });

  it('numbers names that clash, in order', () => {
    const module = design((_, x) => x.not().named('n').and(x.not().not().named('n')));
    const { names } = flatten(module);
    expect([...names.keys()]).toEqual(['x', 'y', 'n', 'n_1']);
  });

  it('puts combinational reads behind their addresses', () => {
    const through = (body: (read: (address: UInt) => UInt, x: UInt) => UInt) =>
      design((m, x) => {
        const memory = m.memory('words', { depth: 2, shape: bit });
        memory.write({ address: x, data: x, enable: x });
        return body((address) => memory.readNow('word', address), x);
      });
    const flat = flatten(through((read, x) => read(x.not().named('address'))));
    expect(flat.nodes.map((n) => n.tag)).toEqual(['input', 'input', 'not', 'read']);
    expect(flat.memories[0]!.reads[0]!.address).toBe(flat.names.get('address'));
  });

  it('keeps masks, clocks and initial values, and what properties look at', () => {
    const child = defineModule(
      { name: 'child', doc: '', ports: { x: input(bit, ''), y: output(bit, '') } },
      (m, io) => {
        const hidden = m.delay('hidden', io.x, { reset: 1 });
        m.assert('claim', hidden.or(io.x), 'x was 1');
        const memory = m.memory('words', { depth: 3, shape: uint(8), init: [1, 2] });
        memory.write({
          address: cat(io.x, io.x),
          data: cat(io.x, m.constant(uint(7), 9)),
          enable: io.x,
          mask: cat(io.x, io.x),
        });
        io.y.drive(memory.read('word', cat(io.x, io.x), { underWrite: 'new' }).any());
      },
    );
    const module = design((m, x) => {
      const [a, b] = [m.instance('a', child), m.instance('b', child)];
      a.x.drive(x);
      b.x.drive(a.y);
      return b.y;
    });
    const flat = flatten(module);
    expect(flat.properties.map((p) => [p.name, p.message])).toEqual([
      ['a.claim', 'x was 1'],
      ['b.claim', 'x was 1'],
    ]);
    for (const p of flat.properties) expect(flat.nodes[p.condition.id]).toBe(p.condition);
    expect(flat.registers.map((r) => r.name)).toEqual(['a.hidden', 'b.hidden']);
    for (const { writes, reads, init } of flat.memories) {
      expect(flat.nodes[writes[0]!.mask!.id]).toBe(writes[0]!.mask);
      expect(reads[0]).toMatchObject({ underWrite: 'new', kind: 'registered', clock: { clock: 'clk' } });
      expect(init).toEqual([1n, 2n]);
    }
    expect(flatten(module, { properties: 'drop' }).registers).toEqual([]);
  });
});
