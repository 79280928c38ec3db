/**
 * Memories in FIRRTL. A `mem` has one read latency and one read-under-write behaviour for all its ports, says nothing about
 * data while a port is not enabled, and leaves the order of two writes to one word open. So:
 * - reads that always run and see the word after a write (or do not care) are ports of latency 1, where one clock runs
 *   all ports: what such a port shows follows the word, which another clock may write before the next read;
 * - every other registered read is a port of latency 0 with a register behind it, which an enable and the word before a
 *   write need anyway (firtool makes `new` of a latency of 1 with `old`);
 * - a write does not happen where a later port writes the same bits of the same word;
 * - with several writers no mask is used, since firtool may forget it (docs/tool-notes.md): a group of bits that is written
 *   apart is a memory of its own, and the mask part of the enable.
 */
import { addressWidth, type Memory, type Node, type ReadPort, type WritePort } from '../ir.ts';
import { bits, literal, type Print, tree, typeOf, unsigned } from './expressions.ts';
import { quoted } from './names.ts';

const one = 'UInt<1>(1)';

/** Groups of bits that are written apart: every mask of the memory divides its words at some of their borders. */
function groupCount(m: Memory): number {
  const gcd = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (y !== 0) [x, y] = [y, x % y];
    return x;
  };
  return m.writes.reduce((n, { mask }) => (mask === undefined ? n : (n * mask.width) / gcd(n, mask.width)), 1);
}

/** All reads can be ports of latency 1: they always run, none wants the word before a write, and there is one clock. */
const isSequential = (m: Memory): boolean =>
  m.reads.length > 0 &&
  new Set([...m.reads, ...m.writes].map((port) => port.clock.clock)).size === 1 &&
  m.reads.every((r) => r.kind === 'registered' && r.enable === undefined && r.underWrite !== 'old');

/** How many memories of FIRRTL a memory is, beside each other. */
export const bankCount = (m: Memory): number => (m.writes.length > 1 ? groupCount(m) : 1);

/** The declaration of one bank. */
export function memoryDeclaration(m: Memory, known: string): string[] {
  const banks = bankCount(m);
  const groups = groupCount(m) / banks;
  const width = m.width / banks;
  const word = groups === 1 ? `UInt<${width}>` : `UInt<${width / groups}>[${groups}]`;
  const sequential = isSequential(m);
  const transparent = sequential && m.reads.some((r) => r.underWrite === 'new');
  return [
    `mem ${known} :`,
    `  data-type => ${word}`,
    `  depth => ${m.depth}`,
    `  read-latency => ${sequential ? 1 : 0}`,
    '  write-latency => 1',
    ...m.reads.map((_, i) => `  reader => r${i}`),
    ...m.writes.map((_, i) => `  writer => w${i}`),
    `  read-under-write => ${transparent ? 'new' : 'undefined'}`,
  ];
}

const groupNames = (data: string, groups: number): string[] =>
  groups === 1 ? [data] : Array.from({ length: groups }, (_, g) => `${data}[${g}]`);

/** The data of read port `i` as one word, or group by group. */
const readData = (m: Memory, known: readonly string[], i: number): string[] =>
  known.flatMap((bank) => groupNames(`${bank}.r${i}.data`, groupCount(m) / known.length));
const joined = (groups: readonly string[]): string => tree('cat', [...groups].reverse());

/** The statement that declares `name` as the data of read port `i`. */
export function readDeclaration(m: Memory, known: readonly string[], i: number, name: string): string {
  const { node, kind, clock } = m.reads[i]!;
  if (kind === 'registered' && !isSequential(m)) return `reg ${name} : ${typeOf(node)}, ${quoted(clock.clock)}`;
  return `node ${name} = ${joined(readData(m, known, i))}`;
}

/** An address in as many bits as the memory's ports take. */
function portAddress(m: Memory, address: Node, of: Print): string {
  const width = addressWidth(m.depth);
  const value = unsigned(address, of);
  if (address.width > width) return bits(value, width - 1, 0);
  return address.width < width ? `pad(${value}, ${width})` : value;
}

const both = (terms: readonly string[]): string => (terms.length === 0 ? one : tree('and', terms));

/** 1 where a write has an effect. firtool makes a register of a memory of one word, and forgets the address. */
function writeEnable(m: Memory, w: WritePort, of: Print): string {
  const enable = unsigned(w.enable, of);
  const bounded = m.depth > 1 && w.address.width <= addressWidth(m.depth);
  return bounded ? enable : both([enable, `lt(${unsigned(w.address, of)}, ${literal(BigInt(m.depth), bound(m))})`]);
}
const bound = (m: Memory) => ({ width: m.depth.toString(2).length, signed: false });

/** Whether write `w` takes group `g`, as far as its mask decides; undefined: always. */
function maskBit(w: WritePort, g: number, groups: number, of: Print): string | undefined {
  if (w.mask === undefined) return undefined;
  const i = Math.floor((g * w.mask.width) / groups);
  return w.mask.width === 1 ? unsigned(w.mask, of) : bits(unsigned(w.mask, of), i, i);
}

/** 1 where write `w` has group `g` of the word at `address`. */
function hits(m: Memory, w: WritePort, g: number, address: Node, of: Print): string {
  const mask = maskBit(w, g, groupCount(m), of);
  const same = `eq(${unsigned(w.address, of)}, ${unsigned(address, of)})`;
  return both([unsigned(w.enable, of), same, ...(mask === undefined ? [] : [mask])]);
}

const slices = (data: Node, groups: number, of: Print): string[] => {
  const size = data.width / groups;
  const value = unsigned(data, of);
  return groups === 1 ? [value] : Array.from({ length: groups }, (_, g) => bits(value, (g + 1) * size - 1, g * size));
};

function writeStatements(m: Memory, known: readonly string[], i: number, of: Print): string[] {
  const w = m.writes[i]!;
  const groups = groupCount(m);
  const data = slices(w.data, groups, of);
  const mask = (g: number): string => maskBit(w, g, groups, of) ?? one;
  const port = (bank: string, enable: string): string[] => [
    `connect ${bank}.w${i}.clk, ${quoted(w.clock.clock)}`,
    `connect ${bank}.w${i}.addr, ${portAddress(m, w.address, of)}`,
    `connect ${bank}.w${i}.en, ${enable}`,
  ];
  if (m.writes.length === 1) {
    const at = `${known[0]}.w${i}`;
    return [
      ...port(known[0]!, writeEnable(m, w, of)),
      ...groupNames(`${at}.data`, groups).map((target, g) => `connect ${target}, ${data[g]}`),
      ...groupNames(`${at}.mask`, groups).map((target, g) => `connect ${target}, ${mask(g)}`),
    ];
  }
  const later = m.writes.slice(i + 1).filter((x) => x.clock.clock === w.clock.clock);
  return known.flatMap((bank, g) => {
    const passes = later.map((x) => `not(${hits(m, x, g, w.address, of)})`);
    const masked = w.mask === undefined ? [] : [mask(g)];
    return [
      ...port(bank, both([writeEnable(m, w, of), ...masked, ...passes])),
      `connect ${bank}.w${i}.data, ${data[g]}`,
      `connect ${bank}.w${i}.mask, ${one}`,
    ];
  });
}

/** The words that a registered read keeps: what the port shows, past the writes of the same edge where that is asked for. */
function kept(m: Memory, known: readonly string[], i: number, r: ReadPort, of: Print): string {
  const stored = readData(m, known, i);
  if (r.underWrite !== 'new') return joined(stored);
  const writes = m.writes.filter((w) => w.clock.clock === r.clock.clock);
  const groups = stored.map((before, g) =>
    writes.reduce((word, w) => {
      const data = slices(w.data, stored.length, of)[g]!;
      return `mux(${hits(m, w, g, r.address, of)}, ${data}, ${word})`;
    }, before),
  );
  return joined(groups);
}

function readStatements(m: Memory, known: readonly string[], i: number, of: Print, nameOf: Print): string[] {
  const r = m.reads[i]!;
  const ports = known.flatMap((bank) => [
    `connect ${bank}.r${i}.clk, ${quoted(r.clock.clock)}`,
    `connect ${bank}.r${i}.addr, ${portAddress(m, r.address, of)}`,
    `connect ${bank}.r${i}.en, ${one}`,
  ]);
  if (r.kind === 'combinational' || isSequential(m)) return ports;
  const keep = `connect ${nameOf(r.node)}, ${kept(m, known, i, r, of)}`;
  return [...ports, ...(r.enable === undefined ? [keep] : [`when ${unsigned(r.enable, of)} :`, `  ${keep}`])];
}

/** The statements that connect the ports of a memory, which is the banks `known`. */
export function memoryStatements(m: Memory, known: readonly string[], of: Print, nameOf: Print): string[] {
  return [
    ...m.reads.flatMap((_, i) => readStatements(m, known, i, of, nameOf)),
    ...m.writes.flatMap((_, i) => writeStatements(m, known, i, of)),
  ];
}
