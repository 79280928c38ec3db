/** The stream elements as the tests use them, each with mistakes that tests and proofs must find. */
import { bit, type Design, type Node, type Replacement, rewriteModule, sint, uint } from '../../gen/index.ts';
import {
  arbiter,
  fifo,
  fork,
  fromAxiStream,
  join,
  narrow,
  registerSlice,
  skidBuffer,
  toAxiStream,
  widen,
  wordsFromAxiStream,
  wordsToAxiStream,
} from '../../gen/stream/index.ts';
import { fields, sample, units } from './claims-axi.ts';

export const consumers = ['a', 'b', 'c'] as const;
export const record = { value: sint(3), last: bit };
export const widths = { unit: 2, ratio: 3 };

const constant =
  (value: bigint): Replacement =>
  (node, create) =>
    create({ tag: 'const', width: node.width, signed: node.signed, value });
const inverted: Replacement = (node, create) => create({ tag: 'not', width: node.width, signed: node.signed, a: node });

export const replacements = { zero: constant(0n), one: constant(1n), inverted };

export interface Fault {
  /** The signal that the mistake is in. */
  readonly signal: string;
  readonly becomes: keyof typeof replacements;
  /** What an engineer would say. */
  readonly what: string;
}

/** The design with one signal replaced, for all who read it. */
export function planted<I extends Design['ports']>(design: Design<I>, { signal, becomes }: Fault): Design<I> {
  const node = [...design.module.names].find(([, name]) => name === signal)?.[0] as Node | undefined;
  if (node === undefined) throw new Error(`${design.module.name} has no signal ${signal}`);
  return { ...design, module: rewriteModule(design.module, { values: new Map([[node, replacements[becomes]]]) }) };
}

export const elements = {
  registerSlice: () => registerSlice(record),
  skidBuffer: () => skidBuffer(record),
  fifo: (depth: number) => fifo(record, { depth }),
  fork: () => fork(record, consumers),
  join: () => join({ a: uint(2), b: record, c: sint(2) }),
  arbiter: () => arbiter(record, consumers),
  packetArbiter: () => arbiter(record, consumers, { until: 'last' }),
  widen: () => widen(widths),
  narrow: () => narrow(widths),
  toAxiStream: () => toAxiStream(sample, fields),
  fromAxiStream: () => fromAxiStream(sample, fields),
  wordsToAxiStream: () => wordsToAxiStream(units),
  wordsFromAxiStream: () => wordsFromAxiStream(units),
} as const;

export const faults: { readonly [E in keyof typeof elements]: readonly Fault[] } = {
  registerSlice: [
    { signal: 'move', becomes: 'one', what: 'a beat that waits is overwritten' },
    { signal: 'full', becomes: 'zero', what: 'no beat ever comes out' },
  ],
  skidBuffer: [
    { signal: 'move', becomes: 'one', what: 'a beat that waits is overwritten' },
    { signal: 'take', becomes: 'one', what: 'an idle input counts as a beat' },
    { signal: 'skid_empty', becomes: 'one', what: 'the second place is never used' },
  ],
  fifo: [
    { signal: 'room', becomes: 'one', what: 'it takes a beat although it is full' },
    { signal: 'waiting', becomes: 'one', what: 'it gives a beat although it is empty' },
    { signal: 'read', becomes: 'one', what: 'it reads on although the output waits' },
  ],
  fork: [
    { signal: 'a_taken', becomes: 'zero', what: 'a consumer gets a beat twice' },
    { signal: 'b_satisfied', becomes: 'one', what: 'a consumer misses a beat' },
  ],
  join: [{ signal: 'all_valid', becomes: 'one', what: 'it does not wait for its parts' }],
  arbiter: [
    { signal: 'locked', becomes: 'zero', what: 'the choice changes while its beat waits' },
    { signal: 'some_later', becomes: 'zero', what: 'the first input goes before the others' },
    { signal: 'b_granted', becomes: 'one', what: 'two inputs are served at once' },
  ],
  packetArbiter: [{ signal: 'locked', becomes: 'zero', what: 'a packet is interrupted' }],
  widen: [
    { signal: 'move', becomes: 'one', what: 'a word that waits is overwritten' },
    { signal: 'first', becomes: 'zero', what: 'old units stay in a partial word' },
    { signal: 'complete', becomes: 'inverted', what: 'words end too early and too late' },
  ],
  narrow: [
    { signal: 'word_ends', becomes: 'one', what: 'only the first unit of a word comes out' },
    { signal: 'word_ends', becomes: 'inverted', what: 'words end too early and too late' },
  ],
  toAxiStream: [{ signal: 'word', becomes: 'inverted', what: 'TDATA is inverted' }],
  fromAxiStream: [{ signal: 'word', becomes: 'zero', what: 'TDATA is lost' }],
  wordsToAxiStream: [{ signal: 'kept_units', becomes: 'one', what: 'only the first unit is kept' }],
  wordsFromAxiStream: [{ signal: 'count', becomes: 'one', what: 'every word has one unit' }],
};
