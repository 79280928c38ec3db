import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileModel } from './build.ts';
import { findNativeTools, findVerilator } from './find.ts';
import { type ModelPort, portWords, rowWords } from './harness.ts';
import { lint } from './lint.ts';
import type { BuildRequest, CompiledModel } from './model.ts';

const WIDTHS = [1, 8, 32, 33, 64, 65, 200];

// Every width in, inverted and combinational, and registered, out; two clocks; a memory image; something printed.
const DESIGN = `module widths(
  input wire clk, input wire slow, input wire [1:0] at, output wire [7:0] image, output reg [15:0] count,
${WIDTHS.map((w) => `  input wire [${w - 1}:0] x${w}, output wire [${w - 1}:0] n${w}, output reg [${w - 1}:0] q${w}`).join(',\n')}
);
  reg [7:0] memory [0:3];
  initial $readmemh("image.hex", memory);
  assign image = memory[at];
  initial count = 0;
  always @(posedge slow) count <= count + 1;
${WIDTHS.map((w) => `  assign n${w} = ~x${w};\n  always @(posedge clk) q${w} <= x${w};`).join('\n')}
endmodule
`;

const port = (direction: 'input' | 'output', name: string, width: number): ModelPort => ({ name, width, direction });
const PORTS: ModelPort[] = [
  port('input', 'at', 2),
  port('output', 'image', 8),
  port('output', 'count', 16),
  ...WIDTHS.flatMap((w) => [port('input', `x${w}`, w), port('output', `n${w}`, w), port('output', `q${w}`, w)]),
];

const request = (how: 'wasm' | 'native'): BuildRequest => ({
  files: { 'rtl/widths.v': DESIGN, 'image.hex': '11\n22\n33\n44\n' },
  top: 'widths',
  ports: PORTS,
  clocks: ['clk', 'slow'],
  how,
});

/** Where a port's words begin in a row of its direction. */
function offset(name: string): number {
  const before = PORTS.slice(
    0,
    PORTS.findIndex((p) => p.name === name),
  );
  return rowWords(before, PORTS.find((p) => p.name === name)!.direction);
}
function write(row: Uint32Array, name: string, value: bigint): void {
  const { width } = PORTS.find((p) => p.name === name)!;
  for (let k = 0; k < portWords(width); k++) row[offset(name) + k] = Number((value >> BigInt(32 * k)) & 0xffff_ffffn);
}
function read(row: Uint32Array, name: string): bigint {
  const { width } = PORTS.find((p) => p.name === name)!;
  let value = 0n;
  for (let k = portWords(width) - 1; k >= 0; k--) value = (value << 32n) | BigInt(row[offset(name) + k]!);
  return value;
}
function* noise(seed: number): Generator<number, never> {
  for (let x = seed; ; ) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x >>> 0;
  }
}
function noisyRows(cycles: number, seed = 1): Uint32Array {
  const source = noise(seed);
  return Uint32Array.from({ length: cycles * rowWords(PORTS, 'input') }, () => source.next().value);
}
const ones = (width: number) => (1n << BigInt(width)) - 1n;

const native = (await findVerilator('native')) !== undefined;
const built: { wasm?: CompiledModel; native?: CompiledModel } = {};
let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'popscan-test-'));
  vi.stubEnv('POPSCAN_CACHE', cache);
  built.wasm = await compileModel(request('wasm'));
  if (!native) return;
  // Twice at once, on purpose: both must come out right, and one entry must remain.
  const [first, second] = await Promise.all([compileModel(request('native')), compileModel(request('native'))]);
  first.instantiate().close();
  built.native = second;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

describe.each(['wasm', 'native'] as const)('a %s model', (how) => {
  const test = it.skipIf(how === 'native' && !native);
  const start = () => built[how]!.instantiate();

  test('passes every width through, with inputs beyond it ignored', () => {
    const model = start();
    const bits = noise(7);
    for (const width of WIDTHS) {
      let value = 0n;
      for (let k = 0; k < portWords(width); k++) value = (value << 32n) | BigInt(bits.next().value);
      write(model.inputs, `x${width}`, value);
      model.eval();
      expect(read(model.outputs, `n${width}`)).toBe(~value & ones(width));
      expect(read(model.outputs, `q${width}`)).toBe(0n);
      model.tick();
      expect(read(model.outputs, `q${width}`)).toBe(value & ones(width));
      model.inputs.fill(0);
      model.tick();
    }
    model.close();
  });

  test('ticks the clocks it is told to', () => {
    const model = start();
    write(model.inputs, 'x8', 0x5an);
    model.tick(2);
    expect([read(model.outputs, 'count'), read(model.outputs, 'q8')]).toEqual([1n, 0n]);
    model.tick(3);
    expect([read(model.outputs, 'count'), read(model.outputs, 'q8')]).toEqual([2n, 0x5an]);
    model.tick(0);
    expect(read(model.outputs, 'count')).toBe(2n);
    model.close();
  });

  test('reads memory images', () => {
    const model = start();
    const found = [0n, 1n, 2n, 3n].map((at) => {
      write(model.inputs, 'at', at);
      model.eval();
      return read(model.outputs, 'image');
    });
    expect(found).toEqual([0x11n, 0x22n, 0x33n, 0x44n]);
    model.close();
  });

  test('replays as it ticks, over more cycles than one call takes', () => {
    const cycles = 10_000;
    const rows = noisyRows(cycles);
    const [replayed, ticked] = [start(), start()];
    const clocks = Uint32Array.from({ length: cycles }, (_, k) => k % 4);
    const sampled = replayed.replay(rows, cycles, clocks);
    const width = ticked.outputs.length;
    for (let k = 0; k < cycles; k += 1) {
      ticked.inputs.set(rows.subarray(k * ticked.inputs.length, (k + 1) * ticked.inputs.length));
      ticked.eval();
      if (k % 997 === 0) expect(sampled.subarray(k * width, (k + 1) * width)).toEqual(ticked.outputs);
      ticked.tick(clocks[k]);
    }
    expect(replayed.replay(new Uint32Array(0), 0)).toHaveLength(0);
    replayed.close();
    ticked.close();
  });

  test('keeps the state of each instance apart', () => {
    const [one, two] = [start(), start()];
    one.tick(2);
    two.eval();
    expect([read(one.outputs, 'count'), read(two.outputs, 'count')]).toEqual([1n, 0n]);
    one.close();
    two.tick(2);
    expect(read(two.outputs, 'count')).toBe(1n);
    two.close();
  });

  test('refuses rows of another size, other clocks than rows, and any use after close', () => {
    const model = start();
    const one = new Uint32Array(rowWords(PORTS, 'input'));
    expect(() => model.replay(one, 1, new Uint32Array(2))).toThrow(/other clocks/);
    expect(() => model.replay(new Uint32Array(3), 1)).toThrow(expect.objectContaining({ status: 2, id: 'model-use' }));
    model.close();
    model.close();
    expect(() => model.eval()).toThrow(expect.objectContaining({ status: 2, id: 'model-use' }));
  });

  test('comes from the cache the second time', async () => {
    const steps: string[] = [];
    await compileModel({ ...request(how), onProgress: (what) => steps.push(what) });
    expect(steps).toEqual([]);
  });
});

describe('the two engines', () => {
  it.skipIf(!native)('agree on every port in every cycle', () => {
    const [one, two] = [built.wasm!.instantiate(), built.native!.instantiate()];
    const rows = noisyRows(5000, 42);
    expect(one.replay(rows, 5000)).toEqual(two.replay(rows, 5000));
    one.close();
    two.close();
  });
});

describe('the cache', () => {
  it('builds a damaged model again', async () => {
    const how = native ? 'native' : 'wasm';
    const models = join(cache, 'models');
    const name = how === 'native' ? 'model' : 'model.wasm';
    for (const entry of await readdir(models)) {
      const file = join(models, entry, name);
      const bytes = await readFile(file).catch(() => undefined);
      if (bytes === undefined) continue;
      bytes[bytes.length - 1]! ^= 1;
      await rm(file); // a program that still ends cannot be written to
      await writeFile(file, bytes, { mode: 0o755 });
    }
    const steps: string[] = [];
    const again = await compileModel({ ...request(how), onProgress: (what) => steps.push(what) });
    expect(steps).toHaveLength(2);
    again.instantiate().close();
    expect(await readdir(models)).toHaveLength(native ? 2 : 1);
  });
});

describe('problems', () => {
  const small = (text: string, ports: ModelPort[] = [port('input', 'a', 8), port('output', 'b', 8)]): BuildRequest => ({
    files: { 'inverter.v': text },
    top: 'inverter',
    ports,
    clocks: [],
    how: 'wasm',
  });

  it('a syntax error: one message, with its place', async () => {
    const text = 'module inverter(input [7:0] a, output [7:0] b);\n  assign b = ~a\nendmodule\n';
    const problem: unknown = await compileModel(small(text)).catch((error: unknown) => error);
    expect(String(problem)).toMatchInlineSnapshot(`
      "VerilatorProblem: Verilator rejects the Verilog [verilog-error]
        where:    inverter.v:3:1
        expected: Verilog that Verilator 5.006 accepts
        found:    syntax error, unexpected endmodule, expecting ',' or ';'
        remedy:   correct the Verilog at inverter.v:3:1"
    `);
  });

  it.each([
    ['another width', [port('input', 'a', 8), port('output', 'b', 7)], 'port b of module inverter', /WIDTH/],
    ['a port left out', [port('output', 'b', 8)], 'module inverter', /PINMISSING.*'a'/],
    [
      'a port that is not there',
      [port('input', 'a', 8), port('input', 'c', 8), port('output', 'b', 8)],
      'port c of module inverter',
      /'c'/,
    ],
  ])('the request does not fit: %s', async (_, ports, where, found) => {
    const text = 'module inverter(input [7:0] a, output [7:0] b);\n  assign b = ~a;\nendmodule\n';
    await expect(compileModel(small(text, ports))).rejects.toMatchObject({
      status: 2,
      id: 'model-interface',
      where,
      found: expect.stringMatching(found),
    });
  });

  it('a file outside its directory', async () => {
    const outside = { ...small(''), files: { '../inverter.v': '' } };
    await expect(compileModel(outside)).rejects.toMatchObject({ status: 2, id: 'file-name' });
  });

  it('no native tools', async () => {
    vi.stubEnv('PATH', '');
    await expect(compileModel({ ...small(''), how: 'native' })).rejects.toMatchObject({
      status: 3,
      id: 'native-missing',
      found: 'no `verilator` on PATH',
    });
    expect(await findVerilator('auto')).toEqual({ how: 'wasm', version: '5.006' });
    vi.stubEnv('PATH', undefined);
  });

  it('a Verilator on PATH that is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'path-'));
    await writeFile(join(folder, 'verilator'), '#!/bin/sh\necho Verilator 4.228\n', { mode: 0o755 });
    expect(await findNativeTools({ PATH: folder, POPSCAN_PYTHON: join(folder, 'python') })).toBe(
      "the `verilator` on PATH says 'Verilator 4.228' and not that it is Verilator 5",
    );
    await rm(folder, { recursive: true });
  });
});

describe('lint', () => {
  const good = 'module inverter(input [7:0] a, output [7:0] b);\n  assign b = ~a;\nendmodule\n';

  it('says nothing about good Verilog', async () => {
    expect(await lint({ 'inverter.v': good }, 'inverter', { how: 'wasm' })).toEqual({ ok: true, log: '' });
  });

  it('names a warning and its place, unless it is allowed', async () => {
    const files = { 'inverter.v': good.replace('~a', '~a[6:0]') };
    const found = await lint(files, 'inverter', { how: 'wasm', allow: ['UNUSED'] });
    expect(found).toMatchObject({ ok: false, log: expect.stringContaining('%Warning-WIDTH: inverter.v:2:14:') });
    expect(await lint(files, 'inverter', { how: 'wasm', allow: ['UNUSED', 'WIDTH'] })).toMatchObject({ ok: true });
  });
});
