/** Icarus and CXXRTL behind the interface of followers: what they give, what they know of X, and what they refuse. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import type { Module, Node } from '../gen/ir.ts';
import { createCxxrtl } from './cxxrtl.ts';
import { type Clocks, type Follower, rowLayout } from './engine.ts';
import { randomClocks } from './fuzz/generate.ts';
import { createIcarus, findIcarus } from './icarus.ts';
import { lockStep } from './lockstep.ts';
import { createRandom } from './random.ts';
import { createSimulator } from './simulator.ts';
import { clk, s, sketch, u } from './testing/ir.ts';

const icarus = await findIcarus();
afterEach(() => vi.unstubAllEnvs());

const widths = [1, 8, 31, 32, 33, 63, 64, 65, 128, 200];

/** Every width through a register of one of two clocks, and inverted at once; signed ones too. */
function pipes(): Module {
  const sk = sketch('pipes');
  for (const [i, width] of widths.entries()) {
    const type = i % 2 === 0 ? u(width) : s(width);
    const x = sk.input(`x${width}`, type);
    const q = sk.node({ tag: 'reg', ...type });
    sk.names.set(q, `q${width}_r`);
    sk.register({ node: q, next: x, clock: randomClocks[i % 2]!, enable: undefined, reset: 1n });
    sk.output(`q${width}`, q);
    sk.output(`n${width}`, sk.node({ tag: 'not', ...type, a: x }));
  }
  return sk.finish(randomClocks);
}

/** `held` is known after reset; `payload` when something was loaded; `spoilt` never. */
function halfKnown(): Module {
  const sk = sketch('half_known');
  const x = sk.input('x', u(8));
  const state = (name: string, next: (self: Node) => Node, reset: bigint | undefined): Node => {
    const node = sk.node({ tag: 'reg', ...u(8) });
    sk.names.set(node, `${name}_r`);
    sk.register({ node, next: next(node), clock: clk, enable: undefined, reset });
    sk.output(name, node);
    return node;
  };
  state('held', () => x, 0n);
  state('payload', () => x, undefined);
  state('spoilt', (self) => sk.node({ tag: 'xor', ...u(8), a: self, b: x }), undefined);
  return sk.finish();
}

const texts = (module: Module, fault = (text: string) => text) => {
  const { files, top } = printVerilog({ module });
  return { files: Object.fromEntries(files.map((f) => [f.name, fault(f.text)])), top, module };
};

function randomRows(module: Module, cycles: number): { rows: Uint32Array; clocks: Clocks } {
  const random = createRandom(3);
  const { words } = rowLayout(createSimulator(module).ports, 'input');
  const rows = Uint32Array.from({ length: cycles * words }, () => random.word());
  rows.fill(1, 0, 1);
  return { rows, clocks: Uint32Array.from({ length: cycles }, (_, i) => (i === 0 ? 3 : random.below(4))) };
}

const engines: readonly (readonly [
  string,
  boolean,
  (module: Module, fault?: (t: string) => string) => Promise<Follower>,
])[] = [
  ['icarus', icarus !== undefined, (module, fault) => createIcarus(texts(module, fault))],
  ['cxxrtl', true, (module, fault) => createCxxrtl({ ...texts(module, fault), effort: 'build', keep: false })],
];

describe.each(engines)('%s', (_, there, create) => {
  it.skipIf(!there)('equals the simulator on every width, with simultaneous edges, over several requests', async () => {
    const module = pipes();
    const follower = await create(module);
    const { rows, clocks } = randomRows(module, 700);
    const sim = createSimulator(module);
    expect(follower.replay(rows, 700, clocks).slice(-100)).toEqual(sim.replay(rows, 700, clocks).slice(-100));
    const result = lockStep({ leader: sim, followers: [follower], chunk: 300 }, (e) => e.replay(rows, 700, clocks));
    expect(result.mismatch).toBe(undefined);
    follower.close();
  });

  it.skipIf(!there)('differs at a planted fault', async () => {
    const module = pipes();
    const follower = await create(module, (text) => text.replace('~x65', 'x65'));
    const { rows, clocks } = randomRows(module, 20);
    const result = lockStep({ leader: createSimulator(module), followers: [follower] }, (e) =>
      e.replay(rows, 20, clocks),
    );
    follower.close();
    expect(result.mismatch?.port).toBe('n65');
  });

  it.skipIf(!there)('refuses what is not Verilog', async () => {
    const broken = create(pipes(), (text) => text.replace('endmodule', ''));
    await expect(broken).rejects.toMatchObject({ status: 2, id: 'verilog-refused' });
  });
});

describe('icarus', () => {
  it.skipIf(icarus === undefined)('tells unknown bits apart, and lock step names the first after reset', async () => {
    const module = halfKnown();
    const follower = await createIcarus(texts(module));
    const { words } = rowLayout(follower.ports, 'input');
    const rows = Uint32Array.from({ length: 5 * words }, (_, i) => (i === 0 ? 1 : i % words === 2 ? 0xa5 : 0));
    const result = lockStep({ leader: createSimulator(module), followers: [follower] }, (e) => e.replay(rows, 5));
    expect(result).toMatchObject({ cycles: 5, mismatch: undefined });
    expect(result.unknown).toEqual({ engine: 'icarus', cycle: 1, port: 'spoilt' });
    const unknown = [...follower.unknown!()].filter((_, i) => i % 2 === 0);
    expect(unknown).toEqual([255, 255, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255]);
    follower.close();
  });

  it('is asked for by name where it is missing', async () => {
    vi.stubEnv('PATH', '');
    await expect(createIcarus(texts(pipes()))).rejects.toMatchObject({
      status: 3,
      id: 'icarus-missing',
      remedy: expect.stringContaining('apt-get install iverilog'),
    });
  });
});

describe('cxxrtl with nothing but Node', () => {
  it('equals the simulator', async () => {
    const module = halfKnown();
    const follower = await createCxxrtl({ ...texts(module), how: 'wasm', keep: false });
    const { rows, clocks } = randomRows(module, 20);
    const result = lockStep({ leader: createSimulator(module), followers: [follower] }, (e) =>
      e.replay(rows, 20, clocks),
    );
    follower.close();
    expect([result.cycles, result.mismatch]).toEqual([20, undefined]);
  });
});
