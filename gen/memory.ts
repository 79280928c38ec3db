/** Building a memory: its ports are checked and collected here. */
import type { MemoryHandle, MemoryOptions } from './handles.ts';
import { addressWidth, type Clock, type Memory, type Node, type Read, type ReadPort, type WritePort } from './ir.ts';
import type { Location } from './location.ts';
import { memoryInit, memoryMask, memorySize, memoryWord, wrongType } from './mistakes.ts';
import { fits, type NodeFactory, Signal, type UInt } from './signal.ts';

/** The size of a memory; one that cannot be is reported and becomes one word of one bit. */
function checkedSize(
  module: NodeFactory,
  name: string,
  { depth, width }: MemoryOptions,
  location: Location,
): { readonly depth: number; readonly width: number } {
  if ([depth, width].every((n) => Number.isInteger(n) && n >= 1)) return { depth, width };
  module.report(memorySize(name, depth, width, location));
  return { depth: 1, width: 1 };
}

/** `clock` gives the clock of the place that a port is made in. */
export function openMemory(
  module: NodeFactory,
  name: string,
  options: MemoryOptions,
  clock: () => Clock,
  location: Location,
): { readonly memory: Memory; readonly handle: MemoryHandle } {
  const { style = 'auto', crossing } = options;
  const { depth, width } = checkedSize(module, name, options, location);
  const reads: ReadPort[] = [];
  const writes: WritePort[] = [];
  const init = options.init?.map((v, i) => {
    const good = fits(v, { width, signed: false });
    if (!good) module.report(memoryWord(name, i, width, `${v}`, location));
    return good ? BigInt(v) : 0n;
  });
  if (init !== undefined && init.length > depth) module.report(memoryInit(name, depth, init.length, location));
  const bits = addressWidth(depth);
  const check = (what: string, expected: number, signal: UInt): Node => {
    const good = signal.width === expected && !signal.node.signed;
    if (!good)
      module.report(wrongType(`${what} of memory ${name}`, `uint(${expected})`, signal.node, location, 'memory-port'));
    return signal.node;
  };
  const read = (readName: string, address: UInt, port: Pick<ReadPort, 'kind' | 'enable' | 'underWrite'>): UInt => {
    const node = module.create({ tag: 'read', width, signed: false }, location) as Read;
    module.name(node, readName);
    reads.push({ ...port, node, clock: clock(), address: check('the read address', bits, address) });
    return new Signal<'unsigned'>(module, node);
  };
  const handle: MemoryHandle = {
    addressWidth: bits,
    read: (readName, address, { enable, underWrite = 'old' } = {}) => {
      const gate = enable === undefined ? undefined : check('the read enable', 1, enable);
      return read(readName, address, { kind: 'registered', enable: gate, underWrite });
    },
    readNow: (readName, address) =>
      read(readName, address, { kind: 'combinational', enable: undefined, underWrite: 'old' }),
    write: ({ address, data, enable, mask }) => {
      if (mask !== undefined && width % mask.width !== 0) module.report(memoryMask(name, width, mask.node, location));
      writes.push({
        clock: clock(),
        address: check('the write address', bits, address),
        data: check('the write data', width, data),
        enable: check('the write enable', 1, enable),
        mask: mask?.node,
      });
    },
  };
  return { memory: { name, depth, width, style, init, crossing, reads, writes, location }, handle };
}
