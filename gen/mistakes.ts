/** Mistakes in how a module is put together, as diagnostics. */
import type { Diagnostic } from './diagnostic.ts';
import type { BitType } from './ir.ts';
import type { Location } from './location.ts';
import { showType } from './signal.ts';

export const wrongType = (what: string, expected: string, found: BitType, location: Location): Diagnostic => ({
  id: 'width-mismatch',
  what: `${what} has the wrong type`,
  location,
  expected,
  found: showType(found),
  remedy: 'resize the value with .ext, .trunc, .asSigned or .asUnsigned so that the type is exact',
});

export const undriven = (what: string, location: Location): Diagnostic => ({
  id: 'undriven',
  what: `${what} is never driven`,
  location,
  expected: 'exactly one .drive (or .next for a register)',
  found: 'none',
  remedy: 'drive it, or remove it',
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
