/** What Yosys makes of each style of memory, by counting cells; docs/memories.md has the same table. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  addressWidth,
  bit,
  bundle,
  type Design,
  defineModule,
  input,
  type MemoryOptions,
  output,
  printVerilog,
  uint,
} from '../gen/index.ts';
import { yosys } from '../sim/yosys.ts';

type Kind = 'now' | 'old' | 'new' | 'undefined';
interface Row {
  readonly style: NonNullable<MemoryOptions<ReturnType<typeof uint>>['style']>;
  readonly read: Kind;
  readonly size: readonly [depth: number, width: number];
  /** Byte enables; contents at power-up. */
  readonly more?: 'bytes' | 'init';
  /** Memory cells after mapping, by target; `-`: flip-flops only; `none`: refused, there is no such memory. */
  readonly xcup: string;
  readonly ecp5: string;
}

const rows: readonly Row[] = [
  { style: 'auto', read: 'old', size: [512, 32], xcup: 'RAMB18E2 1', ecp5: 'DP16KD 1' },
  { style: 'auto', read: 'now', size: [64, 16], xcup: 'RAM64M8 3', ecp5: 'TRELLIS_DPR16X4 16' },
  { style: 'block', read: 'old', size: [512, 32], xcup: 'RAMB18E2 1', ecp5: 'DP16KD 1' },
  { style: 'block', read: 'new', size: [512, 32], xcup: 'RAMB18E2 1', ecp5: 'DP16KD 1' },
  { style: 'block', read: 'undefined', size: [1024, 32], xcup: 'RAMB36E2 1', ecp5: 'DP16KD 2' },
  { style: 'block', read: 'old', size: [512, 32], more: 'bytes', xcup: 'RAMB18E2 1', ecp5: 'DP16KD 1' },
  { style: 'block', read: 'old', size: [512, 32], more: 'init', xcup: 'RAMB18E2 1', ecp5: 'DP16KD 1' },
  { style: 'distributed', read: 'now', size: [64, 16], xcup: 'RAM64M8 3', ecp5: 'TRELLIS_DPR16X4 16' },
  { style: 'distributed', read: 'old', size: [64, 16], more: 'bytes', xcup: 'RAM64M8 4', ecp5: 'TRELLIS_DPR16X4 16' },
  { style: 'registers', read: 'now', size: [16, 8], xcup: '-', ecp5: '-' },
  { style: 'ultra', read: 'old', size: [4096, 72], xcup: 'URAM288 1', ecp5: 'none' },
  { style: 'ultra', read: 'new', size: [4096, 72], xcup: 'URAM288 1', ecp5: 'none' },
  { style: 'ultra', read: 'undefined', size: [4096, 72], more: 'bytes', xcup: 'URAM288 1', ecp5: 'none' },
];

const title = ({ style, read, size, more }: Row): string =>
  `| ${style} | ${read} | ${size.join(' x ')} | ${more ?? ''} |`;

/** One write port and one read port at another address. */
function store(name: string, { style, read, size: [depth, width], more }: Row): Design {
  const address = uint(addressWidth(depth));
  const ports = {
    store: input(bit, 'write'),
    to: input(address, 'where'),
    from: input(address, 'what to read'),
    data: input(uint(width), 'what'),
    bytes: input(uint(width / 8), 'byte enables'),
    y: output(uint(width), 'word'),
  };
  return defineModule({ name, doc: '', ports }, (m, io) => {
    const init = more === 'init' ? { init: [1, 2, 3] } : {};
    const words = m.memory('words', { depth, shape: uint(width), style, ...init });
    const enables = more === 'bytes' ? { mask: io.bytes } : {};
    if (more !== 'bytes') m.unused(io.bytes);
    words.write({ address: io.to, data: io.data, enable: io.store, ...enables });
    io.y.drive(read === 'now' ? words.readNow('word', io.from) : words.read('word', io.from, { underWrite: read }));
  });
}

const targets = {
  xcup: 'synth_xilinx -family xcup -noiopad -noclkbuf -top stores -run :map_ffram',
  ecp5: 'synth_ecp5 -noflatten -top stores -run :map_ffram',
} as const;

/** Memory cells of every row, as Yosys maps them, or those that `pattern` names. */
async function cells(
  target: keyof typeof targets,
  known = rows.filter((row) => row[target] !== 'none'),
  pattern = /^\s+(RAM\w+|URAM288|DP16KD|TRELLIS_DPR16X4)\s+(\d+)$/gm,
): Promise<Record<string, string>> {
  const nameOf = (row: Row): string => `store_${known.indexOf(row)}`;
  const { files } = printVerilog(
    bundle('stores', Object.fromEntries(known.map((r) => [nameOf(r), store(nameOf(r), r)]))),
  );
  const texts = Object.fromEntries(files.map((f) => [f.name, f.text]));
  const script = `read_verilog -sv ${Object.keys(texts).join(' ')}; ${targets[target]}; tee -o cells.txt stat`;
  const run = await yosys(script, texts, { seconds: 500, wanted: ['cells.txt'] });
  if (run.status !== 0) throw new Error(run.log.slice(-500));
  const tables = run.files['cells.txt']!.split(/^=== /m);
  return Object.fromEntries(
    known.map((row) => {
      const table = tables.find((t) => t.startsWith(`${nameOf(row)} `))!;
      const found = [...table.matchAll(pattern)];
      return [title(row), found.map((m) => `${m[1]} ${m[2]}`).join(', ') || '-'];
    }),
  );
}

describe('memories', () => {
  it.each(['xcup', 'ecp5'] as const)('become these cells of %s', async (target) => {
    const known = rows.filter((row) => row[target] !== 'none');
    expect(await cells(target)).toEqual(Object.fromEntries(known.map((row) => [title(row), row[target]])));
  });

  it('need logic of ECP5 for the word before a write, and none where nobody looks', async () => {
    const reads = (['old', 'undefined'] as const).map(
      (read): Row => ({ style: 'block', read, size: [512, 32], xcup: '', ecp5: '' }),
    );
    const found = Object.values(await cells('ecp5', reads, /^\s+(\$\w*dff\w*|DP16KD)\s+(\d+)$/gm));
    expect(found[0]).toMatch(/dff\w* \d+, DP16KD 1/);
    expect(found[1]).toBe('DP16KD 1');
  });

  it('stand in the documentation with these cells', () => {
    const page = readFileSync(new URL('../docs/memories.md', import.meta.url), 'utf8');
    for (const row of rows) expect(page).toContain(`${title(row)} ${row.xcup} | ${row.ecp5} |`);
  });
});
