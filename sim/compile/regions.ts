/**
 * Where state lives: registers and registered read ports, those that move together side by side.
 *
 * State that only takes over other state at every edge, as the stages of a delay line do, has no code: lines of one length form a
 * bundle, stage after stage behind the values that come in, and one overlapping move shifts them all.
 *
 *     next state | stage 0 | stage 1 | ...        A register that no other follows is a line of one stage.
 *
 * A value takes 1, 2 or 4 bytes or whole words, so that little has to move. Words that come straight from a memory are not stored as
 * next state, but copied from there, or left there (fetches.ts).
 */
import type { BitType, Node, ReadPort } from '../../gen/ir.ts';
import type { FlatRegister } from '../../gen/passes/flatten.ts';
import { type Fetched, type Fetches, fetchOf } from './fetches.ts';
import type { Gates } from './gates.ts';
import type { ReadSlot } from './layout.ts';
import { alignTo, type SizeOf, type Space } from './space.ts';

/** What is in a state region. */
export type StateContent =
  | { readonly kind: 'register'; readonly node: Node; readonly register: FlatRegister }
  | { readonly kind: 'read'; readonly node: Node; readonly slot: ReadSlot };

export interface StateSlot {
  readonly content: StateContent;
  readonly address: number;
  /** Bytes it takes: 1, 2, 4 or a multiple of 8. */
  readonly bytes: number;
  /** It is the byte offset of its word in this memory. */
  readonly held: ReadSlot | undefined;
  /** Where evaluation stores its next value, or the word that it will be; undefined: that of the state before it in its line. */
  readonly next: number | Fetch | undefined;
  /** Number of its gate, from 1; 0: it has none. */
  readonly gate: number;
  /** Where its reset value is. */
  readonly image: number | undefined;
}

/** The word at a byte offset in a memory, which evaluation leaves at `pointer`. */
export interface Fetch extends ReadSlot {
  readonly pointer: number;
}

/**
 * What one move at the edge covers: delay lines of one length, whose incoming values are just before them so that both overlap, or a
 * fetched word.
 */
export interface Bundle {
  readonly address: number;
  /** A multiple of 16. */
  readonly bytes: number;
  readonly from: number | Fetch;
  /** Where its reset values are. */
  readonly image: number | undefined;
}

/** State that moves together at a clock edge. */
export interface Region {
  readonly bundles: readonly Bundle[];
  /** Number of the gate that must be open for the move, from 1; 0: it always happens. */
  readonly gate: number;
  /** It is set to its images while this reset is 1: at the edge, or at once too. */
  readonly reset: { readonly port: string; readonly atOnce: boolean } | undefined;
}

/** What decides about which state moves together. */
export interface Grouping {
  readonly gates: Gates;
  /** See share.ts. */
  readonly first: Int32Array;
  readonly fetches: Fetches;
}

interface PlacedBundle {
  readonly bundle: Bundle;
  readonly slots: readonly StateSlot[];
}

/** A region with its state. */
export interface PlacedRegion {
  readonly region: Region;
  readonly slots: readonly StateSlot[];
}

/** The regions of one clock; what moves in every cycle comes first. */
export function placeRegions(
  space: Space,
  contents: readonly StateContent[],
  { gates, first, fetches }: Grouping,
  readOf: (read: ReadPort) => ReadSlot,
  sizeOf: SizeOf,
): PlacedRegion[] {
  const findLines = lineFinder(first);
  const groups = groupBy(contents, (c) => {
    const reset = resetOf(c);
    return `${gates.of(enableOf(c))} ${reset?.port ?? ''} ${reset?.atOnce ?? ''}`;
  });
  const regions = groups.map((members): PlacedRegion => {
    const [gate, reset] = [gates.of(enableOf(members[0]!)), resetOf(members[0]!)];
    const fetchedBy = (c: StateContent): Fetched | undefined => fetchOf(fetches, c.node, enableOf(c), gate);
    const heldBy = (c: StateContent): ReadSlot | undefined => {
      const fetched = fetchedBy(c);
      return fetched?.held ? readOf(fetched.read) : undefined;
    };
    const place: Placing = { space, gate, resets: reset !== undefined, sizeOf, heldBy };
    const copied = members.filter((c) => fetchedBy(c)?.held === false);
    const stored = members.filter((c) => fetchedBy(c)?.held !== false);
    const { heads, after } = findLines(stored, gate, heldBy);
    const lengthFrom = (head: number): number => {
      let length = 1;
      for (let at = after[head]!; at !== none; at = after[at]!) length++;
      return length;
    };
    // What evaluation has just stored in small pieces cannot be loaded in large ones yet: fetches first.
    const placed = [
      ...copied.map((c) => placeFetch(place, c, readOf(fetchedBy(c)!.read))),
      ...groupBy(heads, lengthFrom).map((lines) => placeBundle(place, stored, lines, after)),
    ];
    return { region: { bundles: placed.map((p) => p.bundle), gate, reset }, slots: placed.flatMap((p) => p.slots) };
  });
  return regions.sort((a, b) => a.region.gate - b.region.gate);
}

const enableOf = (c: StateContent) => (c.kind === 'register' ? c.register.enable : c.slot.read.enable);

function resetOf(content: StateContent): Region['reset'] {
  if (content.kind === 'read' || content.register.reset === undefined) return undefined;
  const { clock } = content.register;
  return { port: clock.reset, atOnce: clock.resetStyle === 'asynchronous' };
}

const none = -1;

/** State by its position in a group: what stands at the head of a line, and what follows each, taking it over at every edge. */
interface Lines {
  readonly heads: readonly number[];
  readonly after: Int32Array;
}

/** Finds the lines of a group of state behind one gate; all in a line are of the same type, and what is held leads none. */
function lineFinder(first: Int32Array): (members: readonly StateContent[], gate: number, heldBy: HeldBy) => Lines {
  const positions = new Int32Array(first.length);
  return (members, gate, heldBy) => {
    const [before, after] = [new Int32Array(members.length).fill(none), new Int32Array(members.length).fill(none)];
    for (const [i, { node }] of members.entries()) positions[node.id] = i;
    for (const [i, member] of members.entries()) {
      if (member.kind === 'read' || (gate === 0 && enableOf(member) !== undefined)) continue;
      const id = first[member.register.next.id]!;
      const source = positions[id]!;
      const leader = members[source];
      if (leader?.node.id !== id || after[source] !== none || !sameType(leader.node, member.node)) continue;
      if (heldBy(leader) !== undefined) continue;
      after[source] = i;
      before[i] = source;
    }
    const heads: number[] = [];
    const placed = new Uint8Array(members.length);
    const place = (head: number) => {
      heads.push(head);
      for (let at = head; at !== none; at = after[at]!) placed[at] = 1;
    };
    for (const [i, source] of before.entries()) if (source === none) place(i);
    for (const [i, source] of before.entries()) {
      if (placed[i] === 1) continue;
      after[source] = none; // a ring, opened here
      place(i);
    }
    return { heads, after };
  };
}

const sameType = (a: BitType, b: BitType): boolean => a.width === b.width && a.signed === b.signed;

/** Where the word of state that is held stays. */
type HeldBy = (content: StateContent) => ReadSlot | undefined;

/** What the places of a region's state have in common. */
interface Placing {
  readonly space: Space;
  readonly gate: number;
  readonly resets: boolean;
  readonly sizeOf: SizeOf;
  readonly heldBy: HeldBy;
}

/** Bytes of an offset in a memory. */
const offsetBytes = 4;

/** Lines of one length, given by their heads, side by side; the largest values first, so that all are aligned. */
function placeBundle(
  { space, gate, resets, sizeOf, heldBy }: Placing,
  members: readonly StateContent[],
  lines: readonly number[],
  after: Int32Array,
): PlacedBundle {
  const bytesOf = (i: number): number => (heldBy(members[i]!) === undefined ? sizeOf(members[i]!.node) : offsetBytes);
  const sorted = lines.toSorted((a, b) => bytesOf(b) - bytesOf(a));
  let stages = 0;
  for (let at = sorted[0]!; at !== none; at = after[at]!) stages++;
  const sum = sorted.reduce((total, i) => total + bytesOf(i), 0);
  const stageBytes = alignTo(sum, Math.min(8, bytesOf(sorted[0]!)));
  space.align(16);
  const next = space.take(stageBytes);
  const bytes = alignTo(stages * stageBytes, 16);
  const address = space.take(bytes);
  space.align(16);
  const image = resets ? space.take(bytes) : undefined;
  const slots: StateSlot[] = [];
  let own = 0;
  for (const head of sorted) {
    const size = bytesOf(head);
    let at = own;
    for (let i = head; i !== none; i = after[i]!, at += stageBytes) {
      slots.push({
        content: members[i]!,
        address: address + at,
        bytes: size,
        held: heldBy(members[i]!),
        next: i === head ? next + own : undefined,
        gate,
        image: image && image + at,
      });
    }
    own += size;
  }
  return { bundle: { from: next, address, bytes, image }, slots };
}

function placeFetch({ space, gate, resets, sizeOf }: Placing, content: StateContent, read: ReadSlot): PlacedBundle {
  const from: Fetch = { ...read, pointer: space.take(8) };
  space.align(16);
  const size = sizeOf(content.node);
  const bytes = alignTo(size, 16);
  const address = space.take(bytes);
  const image = resets ? space.take(bytes) : undefined;
  return {
    bundle: { from, address, bytes, image },
    slots: [{ content, address, bytes: size, held: undefined, next: from, gate, image }],
  };
}

/** In the order in which keys turn up. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | number): (readonly T[])[] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
