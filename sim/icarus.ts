/** Emitted Verilog in Icarus, the simulator that knows X: a test bench of ours replays rows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath, openChannel, runProgram, WRAPPER, withFiles, wrapperVerilog } from 'verilator-wasm';
import type { Module } from '../gen/ir.ts';
import { clocksOf } from './batch/rows.mjs';
import { type Clocks, clockNames, type Engine, enginePorts, type RowLayout, rowLayout, SimProblem } from './engine.ts';
import { rowEngine } from './row-engine.ts';
import { noCompile, stopped } from './tool-problem.ts';

export interface IcarusOptions {
  /** Verilog text by file name, as gen prints it. */
  readonly files: Readonly<Record<string, string>>;
  /** Name of the top module in the text. */
  readonly top: string;
  /** The module printed: its ports and clocks. */
  readonly module: Module;
  /** The engine's name in reports; default `icarus`. */
  readonly name?: string;
}

export interface IcarusEngine extends Engine {
  readonly version: string;
  unknown(): Uint32Array;
}

export interface FoundIcarus {
  readonly iverilog: string;
  readonly vvp: string;
  readonly version: string;
}

/** Rows that the test bench takes in one request. */
const rowsPerRequest = 256;

export async function findIcarus(): Promise<FoundIcarus | undefined> {
  const [iverilog, vvp] = [onPath('iverilog'), onPath('vvp')];
  if (iverilog === undefined || vvp === undefined) return undefined;
  const { stdout } = await runProgram(iverilog, ['-V']);
  return { iverilog, vvp, version: /version (\S+)/.exec(stdout)?.[1] ?? 'unknown' };
}

/** Compiles the files and starts them with all state unknown that has no initial value. */
export async function createIcarus({ files, top, module, name = 'icarus' }: IcarusOptions): Promise<IcarusEngine> {
  const found = await findIcarus();
  if (found === undefined) throw missing();
  const ports = enginePorts(module);
  const [inputs, outputs] = [rowLayout(ports, 'input'), rowLayout(ports, 'output')];
  const shape = { top, ports, clocks: clockNames(module.clocks) };
  const bench = testBench(inputs, outputs, shape.clocks.length);
  const texts = { ...files, [`${benchName}.v`]: `${wrapperVerilog(shape)}${bench}` };
  const directory = await mkdtemp(join(tmpdir(), 'popscan-icarus-'));
  try {
    const program = join(directory, 'bench.vvp');
    await withFiles(texts, async (cwd) => {
      const args = ['-g2012', '-s', benchName, '-o', program, ...Object.keys(texts)];
      const { status, stderr } = await runProgram(found.iverilog, args, { cwd });
      if (status !== 0) throw noCompile(`Icarus ${found.version}`, stderr);
    });
    const request = { program: found.vvp, args: ['-n', program], directory, stopped: () => stopped(name, top) };
    const channel = openChannel(request);
    const hello = new Uint8Array(4);
    channel.receive(hello); // the program has been read
    let unknown = new Uint32Array(0);
    const replay = (rows: Uint32Array, cycles: number, clocks: Clocks = 1): Uint32Array => {
      const result = new Uint32Array(cycles * outputs.words);
      unknown = new Uint32Array(result.length);
      for (let done = 0; done < cycles; done += rowsPerRequest) {
        const count = Math.min(rowsPerRequest, cycles - done);
        const masks = Array.from({ length: count }, (_, row) => clocksOf(clocks, done + row));
        channel.send(encode(rows.subarray(done * inputs.words), inputs.words, masks));
        const answer = new Uint32Array(2 * count * outputs.words);
        channel.receive(new Uint8Array(answer.buffer));
        decode(answer, result.subarray(done * outputs.words), unknown.subarray(done * outputs.words));
      }
      return result;
    };
    const now = { inputs: new Uint32Array(inputs.words), outputs: new Uint32Array(outputs.words) };
    const evaluate = () => now.outputs.set(replay(now.inputs, 1, 0));
    const engine = rowEngine(name, ports, {
      ...now,
      eval: evaluate,
      tick: (clocks = 1) => {
        replay(now.inputs, 1, clocks);
        evaluate();
      },
      step: (cycles, clocks = 1) => {
        for (let i = 0; i < cycles; i++) replay(now.inputs, 1, clocks);
        evaluate();
      },
      replay,
      close: () => channel.close(),
    });
    return { ...engine, version: found.version, unknown: () => unknown };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const benchName = `${WRAPPER}_icarus`;

/** A count and that many words of clocks and inputs, most significant byte first, as $fread wants them. */
function encode(rows: Uint32Array, words: number, masks: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + 4 * (words + 1) * masks.length));
  view.setUint32(0, masks.length);
  for (const [row, mask] of masks.entries()) {
    const at = 4 + 4 * (words + 1) * row;
    view.setUint32(at, mask);
    for (let i = 0; i < words; i++) view.setUint32(at + 4 * (words - i), rows[row * words + i]!);
  }
  return new Uint8Array(view.buffer);
}

/** %z writes two words for 32 bits: a bit is X or Z where the second has a one. */
function decode(answer: Uint32Array, values: Uint32Array, unknown: Uint32Array): void {
  for (let i = 0; i < answer.length / 2; i++) {
    unknown[i] = answer[2 * i + 1]!;
    values[i] = answer[2 * i]! & ~answer[2 * i + 1]!;
  }
}

/**
 * Inputs settle for a time unit, outputs are written, then the clocks rise together. Every port has a net of its own: a
 * vector of all of them would be propagated whole at each change of a part.
 */
function testBench(inputs: RowLayout, outputs: RowLayout, clocks: number): string {
  const inBits = 32 * inputs.words;
  const range = (width: number) => `[${width - 1}:0]`;
  const connections = [
    ...Array.from({ length: clocks }, (_, i) => `.c${i}(clocks[${i}])`),
    ...inputs.fields.map((_, i) => `.i${i}(i${i})`),
    ...outputs.fields.map((_, i) => `.o${i}(o${i})`),
  ];
  const declarations = [
    ...inputs.fields.map(({ port }, i) => `  reg ${range(port.width)} i${i} = 0;`),
    ...outputs.fields.map(({ port }, i) => `  wire ${range(port.width)} o${i};`),
  ];
  const assignments = inputs.fields.map(
    ({ port, at }, i) => `        i${i} = rows[k][${32 * at + port.width - 1}:${32 * at}];`,
  );
  const results = outputs.fields.map(({ port, at }, i) => {
    const padding = 32 * ((outputs.fields[i + 1]?.at ?? outputs.words) - at) - port.width;
    return `          $fwrite(to, "%z", ${padding === 0 ? `o${i}` : `{${padding}'d0, o${i}}`});`;
  });
  return `module ${benchName};
  reg [31:0] count, clocks;
  reg ${range(32 + inBits)} rows [0:${rowsPerRequest - 1}];
  integer from, to, k, got;
${declarations.join('\n')}
  ${WRAPPER} dut (
    ${connections.join(',\n    ')}
  );
  initial begin
    from = $fopen("/dev/fd/3", "rb");
    to = $fopen("/dev/fd/4", "wb");
    clocks = 0;
    #1;
    $fwrite(to, "%u", 32'd0);
    $fflush(to);
    while ($fread(count, from) == 4) begin
      got = $fread(rows, from, 0, count);
      for (k = 0; k < count; k = k + 1) begin
${assignments.join('\n')}
        #1 begin
${results.join('\n')}
        end
        clocks = rows[k] >> ${inBits};
        #1 clocks = 0;
        #1;
      end
      $fflush(to);
    end
    $finish(0);
  end
endmodule
`;
}

const missing = (): SimProblem =>
  new SimProblem({
    status: 3,
    id: 'icarus-missing',
    what: 'Icarus Verilog was not found',
    where: 'PATH',
    expected: 'the programs iverilog and vvp',
    found: 'none',
    remedy: 'install it (Debian: `apt-get install iverilog`), or leave the engine out',
  });
