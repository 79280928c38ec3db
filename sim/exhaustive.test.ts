/** Every primitive on all values: both operands of up to 8 bits, in the reference, our simulator, and the printed Verilog. */
import { expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { bitsFor, type Module, type Node } from '../gen/ir.ts';
import { flatten } from '../gen/passes/flatten.ts';
import { createReference } from './reference.ts';
import { createSimulator } from './simulator.ts';
import { type Sketch, s, sketch, u } from './testing/ir.ts';
import { createVerilator } from './verilator.ts';

/** All primitives of two operands of `width` bits. */
function primitives(sk: Sketch, raw: readonly [Node, Node], width: number, signed: boolean): Node[] {
  const t = { width, signed };
  const operand = (of: Node): Node => sk.node({ tag: 'resize', ...t, a: of });
  const [a, b] = [operand(raw[0]), operand(raw[1])];
  const amount = sk.node({ tag: 'resize', ...u(width), a: raw[1] });
  const select = sk.node({ tag: 'parity', ...u(1), a: b });
  const low = width >> 1;
  return [
    sk.node({ tag: 'not', ...t, a }),
    sk.node({ tag: 'popcount', ...u(bitsFor(BigInt(width))), a }),
    sk.node({ tag: 'any', ...u(1), a }),
    sk.node({ tag: 'parity', ...u(1), a }),
    sk.node({ tag: 'resize', ...u(width + 3), a }),
    sk.node({ tag: 'resize', ...s(width + 3), a }),
    sk.node({ tag: 'slice', ...u(width - low), a, low }),
    ...(['and', 'or', 'xor'] as const).map((tag) => sk.node({ tag, ...t, a, b })),
    ...(['eq', 'lt'] as const).map((tag) => sk.node({ tag, ...u(1), a, b })),
    sk.node({ tag: 'mux', ...t, select, a, b }),
    sk.node({ tag: 'cat', ...u(2 * width), parts: [a, b] }),
    sk.node({ tag: 'add', width: width + 1, signed, a, b }),
    sk.node({ tag: 'sub', ...s(width + 1), a, b }),
    sk.node({ tag: 'mul', width: 2 * width, signed, a, b }),
    sk.node({ tag: 'shl', ...t, a, b: amount }),
    sk.node({ tag: 'shl', width: width + 5, signed, a, b: amount }),
    sk.node({ tag: 'shr', ...t, a, b: amount }),
  ];
}

/** One port for all results of a width, which makes rows short. */
function all(widths: readonly number[]): Module {
  const sk = sketch('exhaustive');
  const raw = [sk.input('a', u(8)), sk.input('b', u(8))] as const;
  for (const width of widths)
    for (const signed of [false, true]) {
      const parts = primitives(sk, raw, width, signed);
      const total = parts.reduce((sum, p) => sum + p.width, 0);
      sk.output(`y_${signed ? 's' : 'u'}${width}`, sk.node({ tag: 'cat', ...u(total), parts }));
    }
  return sk.finish();
}

const widths = [1, 2, 7, 8];
const pairs = 2 ** 16;

it(`${widths.join(', ')} bits: all ${pairs} pairs`, async () => {
  const module = all(widths);
  const { files, top } = printVerilog({ module });
  const verilator = await createVerilator({
    ...{ files: Object.fromEntries(files.map((f) => [f.name, f.text])), top, module, effort: 'build' },
  });
  const sim = createSimulator(module);
  const reference = createReference(flatten(module));
  const rows = new Uint32Array(4 * pairs);
  for (let i = 0; i < pairs; i++) {
    rows[4 * i] = i & 255;
    rows[4 * i + 2] = i >> 8;
  }
  const found = sim.replay(rows, pairs);
  expect(Buffer.from(verilator.replay(rows, pairs).buffer).equals(Buffer.from(found.buffer))).toBe(true);
  const [aHandle, bHandle] = [sim.handle('a'), sim.handle('b')];
  for (let i = 0; i < pairs; i++) {
    const [a, b] = [i & 255, i >> 8];
    aHandle.set(a);
    bHandle.set(b);
    reference.set('a', BigInt(a));
    reference.set('b', BigInt(b));
    sim.eval();
    for (const [port, expected] of reference.eval())
      if (sim.peek(port) !== expected) expect.fail(`${port} at a=${a} b=${b}: ${sim.peek(port)}, expected ${expected}`);
  }
  verilator.close();
}, 120_000);
