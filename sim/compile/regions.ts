/**
 * Where state lives: registers and registered read ports, those that move together side by side.
 *
 * State that only takes over other state at every edge, as the stages of a delay line do, has no code: lines of one length form a
 * bundle, stage after stage behind the values that come in, and one overlapping move shifts them all.
 *
 *     next state | stage 0 | stage 1 | ...        A register that no other follows is a line of one stage.
 *
 * A value takes 1, 2 or 4 bytes or whole words, so that little has to move. Words that come straight from a memory are not stored as
 * next state, but copied from there (fetches.ts).
 */
import type { BitType, Node, ReadPort } from '../../gen/ir.ts';
import type { FlatRegister } from '../../gen/passes/flatten.ts';
import { type Fetches, fetchOf } from './fetches.ts';
import type { Gates } from './gates.ts';
import type { ReadSlot } from './layout.ts';
import { alignTo, type SizeOf, type Space } from './space.ts';

/** What is in a state region. */
export type StateContent =
  | { readonly kind: 'register'; readonly node: Node; readonly register: FlatRegister }
  | ({ readonly kind: 'read'; readonly node: Node } & ReadSlot);
export type StateSlot = StateContent & {
  readonly address: number;
  /** Bytes it takes: 1, 2, 4 or a multiple of 8. */
  readonly bytes: number;
  readonly from: Origin;
  /** Number of its gate, from 1; 0: it has none. */
  readonly gate: number;
  /** Where its reset value is. */
  readonly image: number | undefined;
};

/** Where the edge takes the next value from. */
export type Origin =
  /** Where evaluation has stored it. */
  | { readonly kind: 'next'; readonly address: number }
  /** The state before it in its line. */
  | { readonly kind: 'line' }
  | ({ readonly kind: 'memory' } & Fetch);

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
  const gateOf = (c: StateContent) => gates.of(enableOf(c));
  const groups = groupBy(contents, (c) => {
    const reset = resetOf(c);
    return `${gateOf(c)} ${reset?.port ?? ''} ${reset?.atOnce ?? ''}`;
  });
  const regions = groups.map((members): PlacedRegion => {
    const [gate, reset] = [gateOf(members[0]!), resetOf(members[0]!)];
    const readBy = (member: StateContent) => fetchOf(fetches, member.node, enableOf(member), gate);
    const fetched = members.flatMap((member) => {
      const read = readBy(member);
      return read === undefined ? [] : [placeFetch(space, member, readOf(read), gate, reset !== undefined, sizeOf)];
    });
    const stored = members.filter((member) => readBy(member) === undefined);
    const bundles = groupBy(delayLines(stored, gate, first), (line) => line.length).map((lines) =>
      placeBundle(space, lines, gate, reset !== undefined, sizeOf),
    );
    // What evaluation has just stored in small pieces cannot be loaded in large ones yet: fetches first.
    const placed = [...fetched, ...bundles];
    return { region: { bundles: placed.map((b) => b.bundle), gate, reset }, slots: placed.flatMap((b) => b.slots) };
  });
  return regions.sort((a, b) => a.region.gate - b.region.gate);
}

const enableOf = (c: StateContent) => (c.kind === 'register' ? c.register.enable : c.read.enable);

function resetOf(content: StateContent): Region['reset'] {
  if (content.kind === 'read' || content.register.reset === undefined) return undefined;
  const { clock } = content.register;
  return { port: clock.reset, atOnce: clock.resetStyle === 'asynchronous' };
}

/** In lines, each of which takes over the one before it at every edge; all are of the same type. */
function delayLines(members: readonly StateContent[], gate: number, first: Int32Array): StateContent[][] {
  const byNode = new Map(members.map((m) => [m.node.id, m]));
  const follower = new Map<StateContent, StateContent>();
  const following = new Set<StateContent>();
  for (const member of members) {
    if (member.kind === 'read' || (gate === 0 && enableOf(member) !== undefined)) continue;
    const before = byNode.get(first[member.register.next.id]!);
    if (before === undefined || follower.has(before) || !sameType(before.node, member.node)) continue;
    follower.set(before, member);
    following.add(member);
  }
  const placed = new Set<StateContent>();
  const lineFrom = (start: StateContent): StateContent[] => {
    const line: StateContent[] = [];
    for (let at: StateContent | undefined = start; at !== undefined && !placed.has(at); at = follower.get(at)) {
      placed.add(at);
      line.push(at);
    }
    return line;
  };
  const open = members.filter((m) => !following.has(m)).map(lineFrom);
  const rings = members.flatMap((m) => (placed.has(m) ? [] : [lineFrom(m)]));
  return [...open, ...rings];
}

const sameType = (a: BitType, b: BitType): boolean => a.width === b.width && a.signed === b.signed;

/** Lines of one length side by side, the largest values first, so that all are aligned. */
function placeBundle(
  space: Space,
  lines: readonly (readonly StateContent[])[],
  gate: number,
  resets: boolean,
  sizeOf: SizeOf,
): PlacedBundle {
  const sorted = lines.toSorted((a, b) => sizeOf(b[0]!.node) - sizeOf(a[0]!.node));
  const sizes = sorted.map(([head]) => sizeOf(head!.node));
  const stages = sorted[0]!.length;
  const stageBytes = alignTo(
    sizes.reduce((sum, size) => sum + size, 0),
    Math.min(8, sizes[0]!),
  );
  space.align(16);
  const next = space.take(stageBytes);
  const bytes = alignTo(stages * stageBytes, 16);
  const address = space.take(bytes);
  space.align(16);
  const image = resets ? space.take(bytes) : undefined;
  let offset = 0;
  const slots = sorted.flatMap((line, i) => {
    const size = sizes[i]!;
    const own = offset;
    offset += size;
    return line.map((content, stage): StateSlot => {
      const at = own + stage * stageBytes;
      return {
        ...content,
        address: address + at,
        bytes: size,
        from: stage === 0 ? { kind: 'next', address: next + own } : { kind: 'line' },
        gate,
        image: image && image + at,
      };
    });
  });
  return { bundle: { from: next, address, bytes, image }, slots };
}

function placeFetch(
  space: Space,
  content: StateContent,
  read: ReadSlot,
  gate: number,
  resets: boolean,
  sizeOf: SizeOf,
): PlacedBundle {
  const from: Fetch = { ...read, pointer: space.take(8) };
  space.align(16);
  const bytes = alignTo(sizeOf(content.node), 16);
  const address = space.take(bytes);
  const image = resets ? space.take(bytes) : undefined;
  const slot: StateSlot = {
    ...content,
    address,
    bytes: sizeOf(content.node),
    from: { kind: 'memory', ...from },
    gate,
    image,
  };
  return { bundle: { from, address, bytes, image }, slots: [slot] };
}

/** In the order in which keys turn up. */
function groupBy<T>(items: readonly T[], key: (item: T) => string | number): (readonly T[])[] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
