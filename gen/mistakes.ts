/** Mistakes in how a module is put together, as diagnostics. */
import type { Diagnostic } from './diagnostic.ts';
import type { BitType, Node } from './ir.ts';
import type { Location } from './location.ts';
import { type LeafShape, showShape, showType, widest } from './shape.ts';

/** How a value of one integer type becomes one of another. */
export function conversion(found: BitType, expected: BitType): string {
  const { width, signed } = expected;
  const more = found.width - width;
  if (found.signed !== signed)
    return signed
      ? `use .toSigned(), which keeps the number in ${found.width + 1} bits, or read the same bits with .asSigned()`
      : 'where it is known not to be negative, read the same bits with .asUnsigned()';
  if (more < 0) return `widen it with .ext(${width})`;
  if (width === 1) return 'compare it, e.g. .ne(0), or take one bit with .bit(i) or .any()';
  return `drop high bits with .trunc(${width}) or low ones with .shr(${more}), or make the place ${found.width} bits wide`;
}

/** The type of a value, and where it was made if that is another line. */
export function showMade(type: string, made: Location, location: Location): string {
  const [a, b] = [made.resolve(), location.resolve()];
  return a === undefined || (a.file === b?.file && a.line === b.line) ? type : `${type}, made at ${made}`;
}

/** A value whose type its place does not allow; `id` says which kind of place. */
export const wrongType = (
  what: string,
  expected: BitType,
  found: Node,
  location: Location,
  id: 'width-mismatch' | 'condition-width' | 'enable-width' | 'memory-port' = 'width-mismatch',
): Diagnostic => ({
  id,
  what: `${what} has the wrong type`,
  location,
  expected: showType(expected),
  found: showMade(showType(found), found.location, location),
  remedy: conversion(found, expected),
});

export const noSuchWidth = (what: string, width: number, location: Location): Diagnostic => ({
  id: 'type-width',
  what: `${what} cannot have ${width} bits`,
  location,
  expected: `a whole number of bits from 1 to ${widest}`,
  found: `${width}`,
  remedy: 'correct the width, or keep fewer bits of the operands',
});

export const undriven = (what: string, location: Location): Diagnostic => ({
  id: 'undriven',
  what: `${what} is never driven`,
  location,
  expected: 'exactly one .drive (or .next for a register)',
  found: 'none',
  remedy: `give it a value with ${what.startsWith('register') ? '.next' : '.drive'}, or remove it`,
});

export const drivenTwice = (what: string, location: Location): Diagnostic => ({
  id: 'driven-twice',
  what: `${what} is driven a second time`,
  location,
  expected: 'one plain driver, before any in a branch',
  found: 'two',
  remedy: 'combine the two with .mux or when(), or remove one',
});

export const partlyDriven = (what: string, location: Location): Diagnostic => ({
  id: 'partly-driven',
  what: `${what} is driven in some branches only`,
  location,
  expected: 'a value on every path: a plain driver before the branches, or one in each',
  found: 'a path without a driver, which would be a latch',
  remedy: 'drive a default first; a value that is to be kept belongs into a register',
});

export const memoryInit = (name: string, depth: number, found: number, location: Location): Diagnostic => ({
  id: 'memory-init',
  what: `memory ${name} has more initial words than it is deep`,
  location,
  expected: `at most ${depth}`,
  found: `${found}`,
  remedy: 'shorten the contents, or make the memory deeper',
});

export const memoryMask = (name: string, width: number, mask: BitType, location: Location): Diagnostic => ({
  id: 'memory-mask',
  what: `the write mask of memory ${name} does not divide the word`,
  location,
  expected: `a mask whose width divides ${width}`,
  found: showType(mask),
  remedy: 'give one mask bit per group of equally many bits',
});

export const memoryStyle = (
  name: string,
  style: string,
  why: string,
  remedy: string,
  location: Location,
): Diagnostic => ({
  id: 'memory-style',
  what: `memory ${name} cannot be ${style} memory`,
  location,
  expected: 'a style that has what the ports ask for',
  found: why,
  remedy,
});

export const portName = (name: string, why: string, location: Location): Diagnostic => ({
  id: 'port-name',
  what: `a port cannot be called ${name}`,
  location,
  expected: 'a Verilog identifier that is no keyword and that no other port has: ports are never renamed',
  found: why,
  remedy: 'choose another name; a stream s has the ports s_valid, s_ready and s_<field>',
});

export const switchCase = (value: string, why: string, location: Location): Diagnostic => ({
  id: 'switch-case',
  what: `the case ${value} cannot be reached`,
  location,
  expected: 'every case once, within the range of the selector',
  found: why,
  remedy: 'correct the case, or widen the selector',
});

export const foreignSignal = (made: Location, location: Location): Diagnostic => ({
  id: 'foreign-signal',
  what: 'a signal of another module is used here',
  location,
  expected: 'signals of this module: its ports, what its body makes, the outputs of its instances',
  found: `a signal made at ${made}`,
  remedy: 'hand the value in through a port',
});

export const finishedModule = (location: Location): Diagnostic => ({
  id: 'finished-module',
  what: 'the module is finished, nothing can be added to it',
  location,
  expected: 'use of the builder and its signals while the body runs',
  found: 'use after the body has returned',
  remedy: 'move the statement into the body; to use the design elsewhere, make an instance of it',
});

export const asyncBody = (location: Location): Diagnostic => ({
  id: 'async-body',
  what: 'a body returned a promise',
  location,
  expected: 'a body that has made all its statements when it returns',
  found: 'an async function, whose statements after the first await would be lost',
  remedy: 'await what is needed before the module is defined, and make the body an ordinary function',
});

export const branchClosed = (location: Location): Diagnostic => ({
  id: 'branch-closed',
  what: 'this branch has had its last alternative',
  location,
  expected: 'one .otherwise, as the end of a when',
  found: 'another alternative after it',
  remedy: 'put it before .otherwise, or begin a new when',
});

export const wholeShift = (n: number, location: Location): Diagnostic => ({
  id: 'shift-range',
  what: `the binary point cannot move by ${n}`,
  location,
  expected: 'a whole number',
  found: `${n}`,
  remedy: 'correct the amount; .mul scales by anything',
});

/** What is wrong with a name. */
export const nameTrouble = (taken: boolean): string => (taken ? 'the name is taken' : 'no identifier, or a keyword');

export const wrongName = (
  id: 'module-name' | 'instance-name' | 'property-name',
  what: string,
  why: string,
  location: Location,
): Diagnostic => ({
  id,
  what,
  location,
  expected: 'a Verilog identifier that is no keyword, used once: other tools and people refer to it',
  found: why,
  remedy: 'choose another name',
});

/** Words of the deepest memory: what tools count in 32 bits. */
export const deepest = 2 ** 30;

export const memorySize = (name: string, depth: number, location: Location): Diagnostic => ({
  id: 'memory-size',
  what: `memory ${name} cannot be built`,
  location,
  expected: `a whole number of words from 1 to ${deepest}`,
  found: `${depth}`,
  remedy: 'correct the size',
});

export const memoryUnread = (name: string, location: Location): Diagnostic => ({
  id: 'memory-unread',
  what: `nothing reads memory ${name}`,
  location,
  expected: 'a read port',
  found: 'none',
  remedy: 'add .read or .readNow, or remove the memory',
});

export const memoryUnwritten = (name: string, location: Location): Diagnostic => ({
  id: 'memory-unwritten',
  what: `memory ${name} is read, but nothing ever puts anything into it`,
  location,
  expected: 'a write port, or initial contents',
  found: 'neither',
  remedy: 'add .write, or init with the contents of a table',
});

export const memoryWord = (
  name: string,
  word: number,
  type: LeafShape,
  found: string,
  location: Location,
): Diagnostic => ({
  id: 'memory-word',
  what: `word ${word} of the initial contents of memory ${name} does not fit`,
  location,
  expected: `a value of ${showShape(type)}`,
  found,
  remedy: 'correct the word, or give the memory another shape',
});

export const registerValue = (
  name: string,
  when: 'reset' | 'power-up',
  type: LeafShape,
  found: string,
  location: Location,
): Diagnostic => ({
  id: 'reset-value',
  what: `the value of register ${name} at ${when} does not fit`,
  location,
  expected: `a value of ${showShape(type)}`,
  found,
  remedy: 'correct the value, or widen the register',
});

export const switchStates = (
  states: readonly string[],
  missing: readonly string[],
  location: Location,
): Diagnostic => ({
  id: 'switch-states',
  what: 'a switch leaves states out',
  location,
  expected: `a case for each of ${states.join(', ')}, or otherwise`,
  found: `none for ${missing.join(', ')}`,
  remedy: 'add the cases, or say in otherwise what happens in them',
});

const markIt = 'use it, leave it away, or say that this is meant with m.unused(...)';

export const unusedValue = (what: string, port: boolean, location: Location): Diagnostic => ({
  id: port ? 'unused-input' : 'unused-value',
  what: `nothing uses ${what}`,
  location,
  expected: 'an output, an instance, a memory or a property that depends on it',
  found: 'none',
  remedy: markIt,
});

export const droppedBits = (
  what: string,
  width: number,
  unused: readonly (readonly [high: number, low: number])[],
  location: Location,
): Diagnostic => ({
  id: 'dropped-bits',
  what: `nothing uses some bits of ${what}`,
  location,
  expected: `a use of all ${width} bits`,
  found: `none of ${unused.map(([high, low]) => (high === low ? `bit ${low}` : `bits ${high} to ${low}`)).join(', ')}`,
  remedy: markIt,
});

export const blackBoxParameter = (name: string, found: string, location: Location): Diagnostic => ({
  id: 'black-box-parameter',
  what: `the parameter ${name} of a black box cannot be written`,
  location,
  expected: 'an identifier as name; a whole number of 32 bits, a plain text, or { width, value } that fits',
  found,
  remedy: 'correct the name or the value',
});

export const blackBoxModel = (name: string, location: Location): Diagnostic => ({
  id: 'black-box-model',
  what: `nobody has said what the black box ${name} does`,
  location,
  expected: 'a model, to run it in our simulator',
  found: 'none',
  remedy:
    "give blackBox a body as its second argument, or run the Verilog with the vendor's model in another simulator",
});
