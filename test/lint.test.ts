/** The Verilog of the units, of the libraries and of random modules is clean for four linters, without a waiver. */
import { describe, expect, it } from 'vitest';
import type { VerilogOptions } from '../gen/index.ts';
import { type Module, type Node, operandsOf } from '../gen/ir.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { matmulArray, scanUnit } from '../hw/index.ts';
import { bundleOf } from '../sim/fuzz/bundle.ts';
import { randomCase } from '../sim/fuzz/index.ts';
import { rebuild } from '../sim/fuzz/rebuild.ts';
import { linters, printed, type Source } from './lint/tools.ts';
import { elements } from './stream/elements.ts';

const { matmul, scan, state } = defaultNumerics;

/** Random modules whose state is alive: what is never enabled, Yosys rightly calls undriven. */
function randomModules(): Module {
  // A clock that assertions alone look at is unused without them, and swapped clocks make one reset both synchronous and not.
  const plain = ({ properties, instances }: Module) => properties.length + instances.length === 0;
  const cases = Array.from({ length: 80 }, (_, i) => randomCase(5, i))
    .map((c) => ({ ...c, module: rebuild(c.module, {}) })) // without what nothing needs
    .filter((c) => plain(c.module));
  const top = bundleOf(cases);
  const isConstant = (n: Node): boolean =>
    n.tag === 'const' || (operandsOf(n).length > 0 && operandsOf(n).every(isConstant));
  const enabled = <P extends { readonly enable: Node | undefined }>(port: P): P =>
    port.enable !== undefined && isConstant(port.enable) ? { ...port, enable: undefined } : port;
  const instances = top.instances.map((i) => {
    const memories = i.module.memories.map((m) => ({ ...m, reads: m.reads.map(enabled) }));
    return { ...i, module: { ...i.module, registers: i.module.registers.map(enabled), memories } };
  });
  return { ...top, instances };
}

const units: Readonly<Record<string, () => Module>> = {
  matmul: () =>
    matmulArray({
      ...{ lanes: 4, columns: 32, segment: 16, tokens: 1, drain: 2, planes: 1, maxShift: 16, maxRows: 296 },
      ...{ maxColumns: 128, numerics: matmul },
    }).module,
  'small matmul': () =>
    matmulArray({
      ...{ lanes: 3, columns: 5, segment: 5, tokens: 2, drain: 3, planes: 2, maxShift: 0, maxRows: 16 },
      ...{ maxColumns: 16, numerics: matmul },
    }).module,
  scan: () =>
    scanUnit({
      ...{ lanes: 8, maxHeads: 8, maxHeadDim: 16, maxState: 16, maxGroups: 1, stateWords: 512 },
      ...{ rows: 2, rowWords: 128, numerics: scan, state },
    }).module,
  ...Object.fromEntries(Object.entries(elements).map(([name, make]) => [name, () => make(4).module])),
  'random modules': randomModules,
};

const otherLayout: VerilogOptions = {
  layout: 'single',
  comments: 'none',
  header: 'Licence text.',
  locations: { relativeTo: '/' },
};

/** What must not pass, by linter. */
const mistakes: Readonly<Record<string, string>> = {
  'verilator -Wall': 'assign y = a;',
  'iverilog -Wall': "assign y = {1'd0, b};",
  'Yosys check -assert': "assign y = {1'd0, a}; assign y = 3'd1;",
  'slang -Wextra': "assign y = {1'd0, a} + 3'd9;",
};

describe.each(linters)('$name', ({ name, missing, complaints }) => {
  it.skipIf(missing !== undefined).each(Object.keys(units))(`${missing ?? 'installed'}: %s`, async (unit) => {
    expect(await complaints(printed(units[unit]!()))).toBe('');
  });

  it.skipIf(missing !== undefined)('one file with locations', async () => {
    expect(await complaints(printed(units['small matmul']!(), otherLayout))).toBe('');
  });

  it.skipIf(missing !== undefined)('can fail', async () => {
    const text = `module wide (input wire [1:0] a, output wire [2:0] y);\n  ${mistakes[name]}\nendmodule\n`;
    const source: Source = { files: { 'wide.v': text }, top: 'wide', options: {} };
    expect(await complaints(source)).not.toBe('');
  });
});
