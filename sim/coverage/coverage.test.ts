import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bit, defineModule, input, output, sint } from '../../gen/index.ts';
import { createSimulator } from '../simulator.ts';
import { collectCoverage, mergeCoverage, storeCoverage, totals } from './index.ts';

const design = defineModule(
  { name: 'walker', doc: '', ports: { go: input(bit, ''), x: input(sint(4), ''), y: output(sint(4), '') } },
  (m, io) => {
    const state = m.states('state', ['idle', 'run', 'done']);
    m.switch(state, {
      idle: () => m.when(io.go, () => state.next('run')),
      run: () => state.next('done'),
      done: () => state.next('idle'),
    });
    const held = m.register('held', sint(4), { reset: 0, enable: state.is('run') });
    held.next(io.x);
    io.y.drive(held);
    m.cover('seen', state.is('done'), 'the end is reached');
  },
).module;

/** Runs with the inputs of cycles: [go, x]. */
function run(cycles: readonly (readonly [number, number])[]) {
  const sim = createSimulator(design, { visibility: 'named' });
  const collector = collectCoverage(sim, 'walker');
  for (const [go, x] of cycles) {
    sim.poke('go', go);
    sim.poke('x', x);
    sim.eval();
    collector.sample();
    sim.tick();
  }
  return collector.result();
}

const short = run([
  [0, 0],
  [0, 0],
]);
const long = run([
  [1, 0],
  [0, 7],
  [0, 0],
  [0, 0],
  [0, 0],
  [1, 0],
  [0, -8],
  [0, 0],
  [1, 0],
]);

describe('coverage', () => {
  it('counts states, transitions and cover properties', () => {
    expect(long.machines['state']).toEqual({
      states: { idle: 3, run: 2, done: 2 },
      transitions: { 'idle -> run': 2, 'run -> done': 2, 'done -> idle': 2 },
    });
    expect(long.covers).toEqual({ seen: 2 });
    expect(short.machines['state']!.states).toEqual({ idle: 1, run: 0, done: 0 });
    expect(short.covers).toEqual({ seen: 0 });
  });
  it('notes corners of registers and bits that rose and fell', () => {
    expect(long.registers['held']).toEqual({ zero: 1, 'all ones': 0, least: 1, greatest: 1 });
    expect(long.nets['held']).toEqual({ width: 4, rose: 'f', fell: '7' });
    expect(short.nets['held']).toEqual({ width: 4, rose: '0', fell: '0' });
  });
  it('adds up', () => {
    expect(totals(short).states).toEqual({ met: 1, all: 3 });
    const both = mergeCoverage(short, long);
    expect(both.cycles).toBe(11);
    expect(both.nets).toEqual(long.nets);
    expect(both.machines['state']!.states['idle']).toBe(4);
    expect(totals(both)).toMatchObject({
      states: { met: 3, all: 3 },
      covers: { met: 1, all: 1 },
      corners: { met: 3, all: 4 },
    });
  });
});

describe('a folder of coverage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const stored = () => JSON.parse(readFileSync(join(folder, 'coverage.json'), 'utf8')) as object;

  it('grows with every run', () => {
    storeCoverage(folder, short);
    expect(stored()).toEqual(short);
    expect(storeCoverage(folder, long)).toEqual(mergeCoverage(short, long));
    expect(stored()).toEqual(mergeCoverage(short, long));
    expect(readdirSync(folder).sort()).toEqual(['coverage.json', 'index.html']);
  });
  it('has a page that stands alone and escapes what it shows', () => {
    storeCoverage(folder, { ...long, nets: { 'a<b>&c': { width: 1, rose: '0', fell: '0' } } });
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    expect(page).toContain('a&lt;b&gt;&amp;c');
    expect(page).toContain('idle -&gt; run');
    expect(page).not.toMatch(/src=|href=/);
  });
  it('is not mixed with another design, nor with what is no coverage', () => {
    expect(() => storeCoverage(folder, { ...long, design: 'other' })).toThrow(/another design/);
    writeFileSync(join(folder, 'coverage.json'), '{"design":"walker"}');
    expect(() => storeCoverage(folder, long)).toThrow(/cannot be read/);
  });
});
