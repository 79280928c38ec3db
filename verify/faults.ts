/** Faults that verification must catch: each is one mistake that an engineer could make. */

import { type Module, type Replacement, rewriteModule, type VerilogFile } from '../gen/index.ts';
import { notPlanted } from './problem.ts';
import type { Unit } from './units.ts';

export const faults = {
  'weight-bit': 'one bit of the weight stream arrives flipped',
  'row-address': 'the scan writes every word of state back one address too far',
  'conv-address': 'the convolution writes every word of state back one address too far',
  'quantizer-shift': 'the quantizer shifts one place too far',
  'packet-end': 'every beat of in_proj ends its head',
  'back-pressure': 'the matmul array moves on although its result is not taken',
  'printed-sum': 'the printed lane subtracts the first two bit planes that the design adds',
  'netlist-table': 'the first look-up table of the netlist is inverted (--post-synthesis)',
} as const;

export type Fault = keyof typeof faults;

/** The unit a fault sits in; the others sit in all. */
export const unitOf: { readonly [F in Fault]?: Unit } = {
  'weight-bit': 'matmul',
  'row-address': 'scan',
  'conv-address': 'conv',
  'quantizer-shift': 'norm',
  'packet-end': 'mixer',
  'back-pressure': 'matmul',
  'printed-sum': 'matmul',
};

const plusOne: Replacement = (node, create) => {
  const { width, signed } = node;
  const one = create({ tag: 'const', width, signed, value: 1n });
  const sum = create({ tag: 'add', width: width + 1, signed, a: node, b: one });
  return create({ tag: 'resize', width, signed, a: sum });
};

const alwaysOne: Replacement = (node, create) =>
  create({ tag: 'const', width: node.width, signed: node.signed, value: 1n });

/** A named value of an instance below the module replaced; `path` leads from instance to instance. */
function replaceNamed(top: Module, path: readonly string[], name: string, replacement: Replacement): Module {
  const [first, ...rest] = path;
  if (first === undefined) {
    const node = [...top.names].find(([, n]) => n === name)?.[0];
    if (node === undefined) throw notPlanted(`${top.name} has no signal ${name}`);
    return rewriteModule(top, { values: new Map([[node, replacement]]) });
  }
  const instance = top.instances.find((i) => i.name === first);
  if (instance === undefined) throw notPlanted(`${top.name} has no instance ${first}`);
  const module = replaceNamed(instance.module, rest, name, replacement);
  return rewriteModule(top, { modules: new Map([[instance, module]]) });
}

/** The design with the fault in it, for faults that sit in the design. */
export function faultyDesign(top: Module, fault: Fault | undefined): Module {
  if (fault === 'row-address') return replaceNamed(top, ['scan', 'states'], 'write_address', plusOne);
  if (fault === 'conv-address') return replaceNamed(top, ['conv', 'states'], 'write_address', plusOne);
  if (fault === 'quantizer-shift') return replaceNamed(top, ['norm'], 'coarse', plusOne);
  if (fault === 'packet-end') return replaceNamed(top, ['mixer', 'front'], 'packet_end', alwaysOne);
  if (fault === 'back-pressure') return replaceNamed(top, ['matmul'], 'move', alwaysOne);
  return top;
}

/** The printed Verilog with the fault in it, for faults that sit in the printer. */
export function faultyFiles(files: readonly VerilogFile[], fault: Fault | undefined): readonly VerilogFile[] {
  if (fault !== 'printed-sum') return files;
  const wrong = files.map((f) => ({
    ...f,
    text: f.text.replace(/(wire [^\n]*\bnext_total = [^;]*?) \+ /, '$1 - '),
  }));
  if (wrong.every((f, i) => f.text === files[i]!.text)) throw notPlanted('the printed lane has no such sum');
  return wrong;
}

/** The netlist with the fault in it, for faults that sit there. */
export function faultyNetlist(netlist: string, fault: Fault | undefined): string {
  if (fault !== 'netlist-table') return netlist;
  const table = /(LUT\d #\(\s*\.INIT\()(\d+)'h([0-9a-f]+)\)/;
  if (!table.test(netlist)) throw notPlanted('the netlist has no look-up table');
  return netlist.replace(table, (_all, before: string, bits: string, init: string) => {
    const inverted = BigInt.asUintN(Number(bits), ~BigInt(`0x${init}`));
    return `${before}${bits}'h${inverted.toString(16)})`;
  });
}
