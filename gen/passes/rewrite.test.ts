import { expect, it } from 'vitest';
import { input, output } from '../interface.ts';
import { defineModule } from '../module.ts';
import { bit, uint } from '../shape.ts';
import { cat } from '../signal.ts';
import { rewriteModule } from './rewrite.ts';

it('shows the replacement to every user: logic, masks, properties', () => {
  const { module } = defineModule({ name: 'm', doc: '', ports: { x: input(bit, ''), y: output(bit, '') } }, (m, io) => {
    const value = io.x.not().named('value');
    const memory = m.memory('words', { depth: 2, shape: uint(2), init: [3] });
    memory.write({ address: io.x, data: cat(io.x, io.x), enable: io.x, mask: value });
    const held = m.register('held', uint(2), { reset: 1, init: 2 });
    held.next(memory.readNow('word', value));
    m.assert('claim', value, 'holds');
    io.y.drive(held.parity());
  });
  const value = [...module.names].find(([, name]) => name === 'value')![0];
  const zero = { tag: 'const', width: 1, signed: false, value: 0n } as const;
  const changed = rewriteModule(module, { values: new Map([[value, (_, create) => create(zero)]]) });
  const [memory] = changed.memories;
  const seen = [memory!.writes[0]!.mask, memory!.reads[0]!.address, changed.properties[0]!.condition];
  expect(seen.map((n) => n?.tag)).toEqual(['const', 'const', 'const']);
  for (const node of [...seen, memory!.writes[0]!.data]) expect(changed.nodes[node!.id]).toBe(node);
  expect(changed.properties[0]).toMatchObject({ kind: 'assert', name: 'claim', clock: { clock: 'clk' } });
  expect(memory).toMatchObject({ init: [3n], depth: 2 });
  expect(changed.registers[0]).toMatchObject({ init: 2n, reset: 1n });
});
