import { describe, expect, it } from 'vitest';
import { bit, cat, defineModule, input, output, sfixed, uint } from '../../gen/index.ts';
import { lockStep } from '../lockstep.ts';
import { createSimulator } from '../simulator.ts';
import { type Cause, causesOf } from './cause.ts';
import { createHistory } from './history.ts';
import { bitText, causeText, causeWave, valueText } from './text.ts';

const stage = defineModule(
  { name: 'stage', doc: '', ports: { en: input(bit, ''), a: input(uint(8), ''), q: output(uint(8), '') } },
  (m, io) => {
    io.q.drive(m.delay('held', m.delay('taken', io.a, { enable: io.en })));
    m.assert('in_range', io.q.lt(5), 'held is small');
  },
);

const design = defineModule(
  {
    name: 'demo',
    doc: '',
    ports: {
      en: input(bit, ''),
      x: input(uint(8), ''),
      both: output(uint(24), ''),
      gain: input(sfixed(2, 6), ''),
      busy: output(bit, ''),
    },
  },
  (m, io) => {
    const state = m.states('state', ['idle', 'run']);
    m.when(io.en, () => state.next('run'));
    const part = m.instance('part', stage);
    part.en.drive(io.en);
    part.a.drive(io.x.add(1).trunc(8).named('bumped'));
    const table = m.memory('table', { depth: 4, shape: uint(8) });
    table.write({ address: io.x.slice(1, 0), data: io.x, enable: state.is('run') });
    const word = table.read('word', part.q.slice(1, 0));
    const chosen = state.is('run').mux(part.q, io.gain.raw.asUnsigned()).named('chosen');
    io.both.drive(cat(word, chosen, io.x));
    io.busy.drive(state.is('run').or(io.en));
  },
);

/** Twelve cycles: x counts, en is 1 in cycle 4 only. */
function recorded(history = createHistory({ module: design.module }), leader = createSimulator(design.module)) {
  lockStep({ leader, followers: [], history }, (engine) => {
    for (let cycle = 0; cycle < 12; cycle++) {
      engine.poke('rst', cycle === 0 ? 1 : 0);
      engine.poke('en', cycle === 4 ? 1 : 0);
      engine.poke('x', cycle);
      engine.tick();
    }
  });
  return history;
}

const causes = (cycle: number, bits?: bigint): Cause[] => {
  const history = recorded();
  return causesOf(design.module, history.lookAt(cycle), cycle, [{ port: 'both', bits }]);
};

describe('causes', () => {
  it('through the hierarchy, registers and memories, with the lines of TypeScript', () => {
    expect(`\n${causeText(causes(9)).replace(/:\d+ {2}/g, ':N  ')}\n`).toMatchInlineSnapshot(`
      "
      cycle  signal = value
          9  both = 050509
               = {word, chosen, x}
               sim/mismatch/mismatch.test.ts:N  io.both.drive(cat(word, chosen, io.x));
          9  word = 05
               word 1 of table, address part.held[1:0], read in cycle 8; written in cycle 5 to address x[1:0] with x
               sim/mismatch/mismatch.test.ts:N  const word = table.read('word', part.q.slice(1, 0));
          9  chosen = 05
               = ((state == 1) ? part.held : …)
               sim/mismatch/mismatch.test.ts:N  const chosen = state.is('run').mux(part.q, io.gain.raw.asUnsigned()).named('chosen');
          9  x = 09
               an input of the design
          8  part.held = 05
               a register, loaded in cycle 4 through part.taken because its enable, en, was 1 with bumped
               sim/mismatch/mismatch.test.ts:N  io.q.drive(m.delay('held', m.delay('taken', io.a, { enable: io.en })));
          9  state = run
               a register, loaded in cycle 4 because its enable, en, was 1 with 1
               sim/mismatch/mismatch.test.ts:N  m.when(io.en, () => state.next('run'));
          4  bumped = 05
               = (x + 1)[7:0]
               sim/mismatch/mismatch.test.ts:N  part.a.drive(io.x.add(1).trunc(8).named('bumped'));
          4  en = 1
               an input of the design
      "
    `);
  });

  it('only of the bits in question, and of the arm that was taken', () => {
    const paths = (bits: bigint) => causes(9, bits).flatMap((c) => (c.control ? [] : [c.path]));
    expect(paths(0xffn)).toEqual(['both', 'x']);
    expect(paths(0x100n)).toEqual(['both', 'chosen', 'state', 'part.held', 'bumped', 'x']);
    expect(causes(3, 0x100n).map((c) => c.path)).toEqual(['both', 'chosen', 'state', 'gain']);
  });

  it('of when it moved: enables on the way, and the ports that say so', () => {
    const moved = (moves: readonly string[]) => {
      const effects = moves.map((port) => ({ port }));
      const found = causesOf(design.module, recorded().lookAt(9), 9, [{ port: 'both', bits: 0x100n }], effects);
      return found.flatMap((c) => (c.control ? [c.path] : []));
    };
    expect(moved([])).toEqual(['en']);
    expect(moved(['busy'])).toEqual(['busy', 'en']);
  });

  it('of a property that does not hold', () => {
    const [first, ...others] = causesOf(design.module, recorded().lookAt(9), 9, [{ property: 'part.in_range' }]);
    expect(first).toMatchObject({ path: 'part.in_range', value: '0', because: '= (held < 5)' });
    expect(others[0]).toMatchObject({ path: 'part.held', value: '05' });
  });

  it('through a memory only of the bits in question, and says whether the word was written in the window', () => {
    const word = (cycle: number) => causes(cycle, 0xf0000n).find((c) => c.path === 'word');
    expect([word(9)?.memory, word(4)?.memory]).toEqual(['written', 'kept']);
    expect(causes(9).find((c) => c.path === 'x')?.memory).toBeUndefined();
    expect(causes(9).some((c) => c.library)).toBe(false);
  });

  it('values as people read them', () => {
    expect(causes(9).find((c) => c.path === 'state')).toMatchObject({ value: 'run' });
    expect(causes(2).find((c) => c.path === 'state')).toMatchObject({ because: 'a register, reset to 0 in cycle 0' });
  });
});

describe('history', () => {
  it('goes on over several runs, whatever is looked at in between', () => {
    const history = createHistory({ module: design.module });
    const leader = createSimulator(design.module);
    const held = () => history.lookAt(11).rows.find((r) => r.signal.path === 'design.part.held')!.values;
    recorded(history, leader);
    const first = held();
    recorded(history, leader);
    expect(history.cycles).toBe(24);
    expect(held().slice(0, 12)).toEqual(first);
    expect(held()).toEqual([...first, 5n, 5n, 5n, 5n, 5n, 5n, 5n, 5n]);
    const { rows } = history.lookAt(20);
    const of = (path: string) => rows.find((r) => r.signal.path === path)!.values;
    expect(of('sim.both')).toEqual(of('design.both'));
  });
});

describe('text', () => {
  it('values in every engine', () => {
    const values = new Map([
      ['sim', 0x1fn],
      ['verilator', 0x2fn],
    ]);
    expect(valueText(values, 8)).toBe('  sim        1f\n  verilator  2f\n  they differ in bits 5 to 4');
    expect(bitText(8n)).toBe('bit 3');
  });

  it('waves of the output and its causes', () => {
    const history = recorded();
    const trace = history.lookAt(9);
    const text = causeWave(trace, 'both', 9, causesOf(design.module, trace, 9, [{ port: 'both', bits: 0x100n }]), 100);
    expect(text).toContain('▼9');
    for (const label of ['both', 'chosen', 'held', 'state']) expect(text).toContain(label);
  });
});
