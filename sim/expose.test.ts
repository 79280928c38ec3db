import { describe, expect, it } from 'vitest';
import { defineModule, input, output, printVerilog, uint } from '../gen/index.ts';
import { enginePorts } from './engine.ts';
import { exposeRegisters } from './expose.ts';
import { lockStep } from './lockstep.ts';
import { createSimulator } from './simulator.ts';
import { createVerilator } from './verilator.ts';

const x = input(uint(8), 'value');
/** Only whether the sum is even can be seen from outside. */
const inner = defineModule({ name: 'inner', doc: '', ports: { x, even: output(uint(1), '') } }, (m, io) => {
  const sum = m.register('sum', uint(8), { reset: 0 });
  sum.next(sum.add(io.x).trunc(8));
  io.even.drive(sum.bit(0).not());
  m.unused(sum);
});
const design = defineModule({ name: 'outer', doc: '', ports: { x, even: output(uint(1), '') } }, (m, io) => {
  const [a, b] = [m.instance('a', inner), m.instance('b', inner)];
  a.x.drive(io.x);
  b.x.drive(m.delay('later', io.x));
  io.even.drive(a.even.xor(b.even));
});

describe('registers as ports', () => {
  const top = exposeRegisters(design.module);
  it('are those of all instances', () => {
    const names = enginePorts(top).flatMap((p) => (p.direction === 'output' ? [p.name] : []));
    expect(names).toEqual(['even', 'reg_later', 'reg_a_sum', 'reg_b_sum']);
    const sim = createSimulator(top);
    sim.poke('x', 3);
    sim.step(2);
    sim.eval();
    expect(['reg_later', 'reg_a_sum', 'reg_b_sum'].map((p) => sim.peek(p))).toEqual([3n, 6n, 3n]);
  });
  it('show a fault that no port shows', async () => {
    const { files, top: name } = printVerilog({ module: top });
    const texts = files.map((f) => [f.name, f.text.replace('sum + ', 'sum - ')] as const);
    expect(texts.some(([, text], i) => text !== files[i]!.text)).toBe(true);
    const faulty = await createVerilator({ files: Object.fromEntries(texts), top: name, module: top, effort: 'build' });
    const { mismatch } = lockStep({ leader: createSimulator(top), followers: [faulty] }, (engine) => {
      engine.poke('x', 2);
      for (let i = 0; i < 10; i++) engine.tick();
    });
    faulty.close();
    expect(mismatch?.port).toBe('reg_a_sum');
  });
});
