/** Takes the designs out of docs/tutorial.md and does what the page says of them. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { lint } from 'verilator-wasm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Design, printVerilog } from '../gen/index.ts';
import {
  createSimulator,
  driveStream,
  monitorStream,
  probesOf,
  recordTrace,
  reset,
  runUntil,
  type Simulator,
  waveSvg,
} from '../sim/index.ts';

const page = fileURLToPath(new URL('../docs/tutorial.md', import.meta.url));
const folder = fileURLToPath(new URL('./.tutorial', import.meta.url));
let designs: Design[] = [];
/** The scripts that run the first, and the third beside Verilator. */
let run = '';
let check = '';

beforeAll(async () => {
  const all = [...(await readFile(page, 'utf8')).matchAll(/```ts\n([\s\S]*?)```/g)].map((m) => m[1]!);
  const blocks = all.filter((code) => code.includes('export const design'));
  [run, check] = all.filter((code) => !blocks.includes(code)) as [string, string];
  await mkdir(folder, { recursive: true });
  designs = await Promise.all(
    blocks.map(async (code, i) => {
      const file = `${folder}/design${i + 1}.ts`;
      await writeFile(file, code);
      return ((await import(/* @vite-ignore */ file)) as { design: Design }).design;
    }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A simulator of design `n` (counted from 1, as on the page), after reset. */
function simulate(n: number): Simulator {
  const engine = createSimulator(designs[n - 1]!.module);
  reset(engine);
  return engine;
}

/** Inputs, one cycle, then the outputs of the next. */
function cycle(engine: Simulator, inputs: Readonly<Record<string, number | bigint>>, output: string): bigint {
  for (const [port, value] of Object.entries(inputs)) engine.poke(port, value);
  engine.tick();
  engine.eval();
  return engine.peek(output);
}

it('has five designs that print without a warning', async () => {
  expect(designs.map((d) => d.module.name)).toEqual(['counter', 'alu', 'smooth', 'recorder', 'weigh']);
  for (const design of designs) {
    const { files, top } = printVerilog(design);
    expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
  }
});

it('1: runs as the page shows', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await writeFile(`${folder}/run.ts`, run.replace('./counter.ts', './design1.ts'));
  await import(/* @vite-ignore */ `${folder}/run.ts`);
  const lines = log.mock.calls.map(([line]) => line as string);
  log.mockRestore();
  expect(lines.at(-1)).toBe('cycle 5: enable 1, count 3');
  expect(lines).toHaveLength(6);
});

it('1: counts enabled cycles modulo 16', () => {
  const engine = simulate(1);
  for (let i = 1; i <= 20; i++) {
    cycle(engine, { enable: 0 }, 'count');
    expect(cycle(engine, { enable: 1 }, 'count')).toBe(BigInt(i % 16));
  }
});

it('2: computes', () => {
  const engine = simulate(2);
  expect(cycle(engine, { op: 0, a: 127, b: 127 }, 'result')).toBe(254n);
  expect(cycle(engine, { op: 1, a: -128, b: 127 }, 'result')).toBe(-255n);
  expect(cycle(engine, { op: 2, a: -5, b: 3 }, 'result')).toBe(-5n);
  expect(cycle(engine, { op: 3, a: 1, b: 1 }, 'result')).toBe(-5n);
});

it('3: smooths, whatever the stalls', () => {
  const engine = simulate(3);
  const samples = Array.from({ length: 50 }, (_, i) => ((i * 37) % 256) - 128);
  const results = monitorStream(engine, 'y', { stall: 0.4, seed: 2, count: samples.length });
  runUntil(engine, [driveStream(engine, 'x', samples, { stall: 0.3 }), results], { limit: 1000 });
  let y = 0;
  const expected = samples.map((x) => {
    y = Math.max(-128, Math.min(127, Math.floor((3 * y + x) / 4 + 0.5)));
    return BigInt(y);
  });
  expect(results.beats.map((b) => b['data'])).toEqual(expected);
});

it('6: the model, Verilator and a waveform', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const vcd = `${folder}/smooth.vcd`;
  await writeFile(
    `${folder}/check.ts`,
    check.replace('./smooth.ts', './design3.ts').replace("'smooth.vcd'", `'${vcd}'`),
  );
  await import(/* @vite-ignore */ `${folder}/check.ts`);
  const lines = log.mock.calls.map(([line]) => line as string);
  log.mockRestore();
  expect(lines).toEqual([
    expect.stringMatching(/^\d{3} cycles are the same in Verilator, 200 results are those of the model$/),
  ]);
  expect(await readFile(vcd, 'utf8')).toContain('$var');
});

it('4: plays back what it recorded', () => {
  const engine = simulate(4);
  cycle(engine, { start: 1, sample: 0 }, 'out');
  for (let i = 0; i < 16; i++) cycle(engine, { start: 0, sample: 100 + i }, 'out');
  const played = Array.from({ length: 32 }, () => cycle(engine, { sample: 7 }, 'out'));
  expect(engine.peek('playing')).toBe(1n);
  expect(played).toEqual([...Array(32).keys()].map((i) => BigInt(100 + (i % 16))));
});

it('5: counts ones', () => {
  const engine = simulate(5);
  expect(cycle(engine, { x: 2n ** 64n - 1n }, 'weight')).toBe(64n);
  expect(cycle(engine, { x: 0x8000_0001_0001_0000n }, 'weight')).toBe(3n);
});

/** `npx vitest run -u test/tutorial` draws them again. */
describe('the waveforms on the page are those of a run', () => {
  const named = (n: number): Simulator => {
    const engine = createSimulator(designs[n - 1]!.module, { visibility: 'named' });
    reset(engine);
    return engine;
  };
  const picture = (name: string) => fileURLToPath(new URL(`../docs/waves/${name}.svg`, import.meta.url));

  it('smooth', async () => {
    const engine = named(3);
    const recorder = recordTrace(probesOf(engine, ['x_*', 'y_*', 'take', 'state']));
    const agents = [
      driveStream(engine, 'x', [64, -64, 127, 3, 4], { stall: 0.2, seed: 4 }),
      monitorStream(engine, 'y', { stall: 0.4, seed: 6, count: 5 }),
    ];
    runUntil(engine, agents, { limit: 20, onCycle: recorder.sample });
    await expect(waveSvg(recorder.trace())).toMatchFileSnapshot(picture('smooth'));
  });

  it('recorder', async () => {
    const engine = named(4);
    const recorder = recordTrace(probesOf(engine, ['start', 'sample', 'state', 'address', 'playing', 'out']));
    for (let cycle = 0; cycle < 22; cycle++) {
      engine.poke('start', cycle === 1 ? 1 : 0);
      engine.poke('sample', 7 * cycle);
      engine.eval();
      recorder.sample();
      engine.tick();
    }
    await expect(waveSvg(recorder.trace())).toMatchFileSnapshot(picture('recorder'));
  });
});
