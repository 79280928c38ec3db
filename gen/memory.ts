/** Building a memory: its ports are checked and collected here. */

import type { Diagnostic } from './diagnostic.ts';
import type { NodeFactory } from './factory.ts';
import { constants, nodesOf } from './fitting.ts';
import { addressWidth, type Clock, type Memory, type Node, type Read, type ReadPort, type WritePort } from './ir.ts';
import type { Location } from './location.ts';
import {
  deepest,
  memoryInit,
  memoryMask,
  memorySize,
  memoryStyle,
  memoryUnread,
  memoryUnwritten,
  memoryWord,
  wrongType,
} from './mistakes.ts';
import type { MemoryHandle, MemoryOptions } from './options.ts';
import { fromBits, joinBits } from './packing.ts';
import { leafShapes, type Shape, uint, widthOf } from './shape.ts';
import { Signal, type UInt } from './signal.ts';
import { leavesOf, type Readable } from './value.ts';

/** `clock` gives the clock of the place that a port is made in. */
export function openMemory<T extends Shape>(
  module: NodeFactory,
  name: string,
  options: MemoryOptions<T>,
  clock: () => Clock,
  location: Location,
): { readonly memory: Memory; readonly handle: MemoryHandle<T> } {
  const { shape, style = 'auto', crossing } = options;
  const width = widthOf(shape);
  const good = Number.isInteger(options.depth) && options.depth >= 1 && options.depth <= deepest;
  if (!good) module.report(memorySize(name, options.depth, location));
  const depth = good ? options.depth : 1;
  const reads: ReadPort[] = [];
  const writes: WritePort[] = [];
  const init = options.init?.map((value, i) => {
    const codes = constants(module, shape, value, `memory ${name}`, location, (_place, type, found) =>
      memoryWord(name, i, type, found, location),
    );
    return wordOf(shape, codes);
  });
  if (init !== undefined && init.length > depth) module.report(memoryInit(name, depth, init.length, location));
  const bits = addressWidth(depth);
  const check = (what: string, expected: number, signal: UInt, at: Location): Node => {
    module.checkOwn(signal.node, at);
    const good = signal.width === expected && !signal.node.signed;
    if (!good) module.report(wrongType(`${what} of memory ${name}`, uint(expected), signal.node, at, 'memory-port'));
    return signal.node;
  };
  const read = (
    as: string,
    address: UInt,
    port: Pick<ReadPort, 'kind' | 'enable' | 'underWrite'>,
    at: Location,
  ): Readable<T> => {
    const node = module.create({ tag: 'read', width, signed: false }, at) as Read;
    reads.push({ ...port, node, clock: clock(), address: check('the read address', bits, address, at) });
    module.name(node, as, uint(width));
    const word = module.located(() => fromBits(shape, new Signal<'unsigned'>(module, node)), at);
    const leafNames = leafShapes(shape, as).map(([leafName]) => leafName);
    for (const [i, leaf] of leavesOf(word).entries()) leaf.named(leafNames[i]!);
    return word;
  };
  const handle: MemoryHandle<T> = {
    addressWidth: bits,
    read: (readName, address, { enable, underWrite = 'old' } = {}) => {
      const at = module.locate(handle.read);
      const gate = enable === undefined ? undefined : check('the read enable', 1, enable, at);
      return read(readName, address, { kind: 'registered', enable: gate, underWrite }, at);
    },
    readNow: (readName, address) => {
      const at = module.locate(handle.readNow);
      return read(readName, address, { kind: 'combinational', enable: undefined, underWrite: 'old' }, at);
    },
    write: ({ address, data, enable, mask }) => {
      const at = module.locate(handle.write);
      if (mask !== undefined) {
        module.checkOwn(mask.node, at);
        if (width % mask.width !== 0) module.report(memoryMask(name, width, mask.node, at));
      }
      const nodes = nodesOf(module, shape, data, `the write data of memory ${name}`, at);
      for (const node of nodes ?? []) module.checkOwn(node, at);
      writes.push({
        clock: clock(),
        address: check('the write address', bits, address, at),
        data: nodes === undefined ? address.node : joinBits(module, nodes, at),
        enable: check('the write enable', 1, enable, at),
        mask: mask?.node,
      });
    },
  };
  return { memory: { name, depth, width, style, init, crossing, reads, writes, location }, handle };
}

/** What is wrong with a finished memory: what it holds, and what its style cannot do (measured in test/memory-cells.test.ts). */
export function memoryMistakes({ name, style, init, reads, writes, location }: Memory): Diagnostic[] {
  const found: Diagnostic[] = [];
  const refuse = (why: string, remedy: string): void =>
    void found.push(memoryStyle(name, style, why, remedy, location));
  if (reads.length === 0) found.push(memoryUnread(name, location));
  if (reads.length > 0 && writes.length === 0 && init === undefined) found.push(memoryUnwritten(name, location));
  if (style === 'ultra' && init !== undefined)
    refuse('initial contents, which it has not', "write them, or use style 'block'");
  if (style !== 'ultra' && style !== 'block') return found;
  if (reads.some((r) => r.kind === 'combinational'))
    refuse('a read in the same cycle', "use .read, or style 'distributed' or 'registers'");
  if (reads.some((r) => r.underWrite === 'new') && writes.some((w) => w.mask !== undefined))
    refuse('byte enables, and a read that sees the word after a write', "use underWrite 'old', or style 'distributed'");
  return found;
}

/** The leaves' codes side by side, the first in the low bits. */
function wordOf(shape: Shape, codes: readonly (bigint | undefined)[]): bigint {
  let word = 0n;
  let low = 0n;
  for (const [i, [, { width }]] of leafShapes(shape).entries()) {
    word |= BigInt.asUintN(width, codes[i] ?? 0n) << low;
    low += BigInt(width);
  }
  return word;
}
