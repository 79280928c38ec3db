/** What makes nodes: the module that is being built, as signals and helpers see it. */
import type { Diagnostic } from './diagnostic.ts';
import type { Node } from './ir.ts';
import type { Location } from './location.ts';
import type { LeafShape } from './shape.ts';
import type { UInt } from './signal.ts';

export type Below = (...args: never[]) => unknown;
type Omitted = 'id' | 'location';
type Draft<N> = N extends Node ? Omit<N, Omitted> : never;
/** A node without what the module adds: its place in the module and in the source. */
export type NodeDraft = Draft<Node>;

/** What a signal needs of the module it lives in. */
export interface NodeFactory {
  create(draft: NodeDraft, location: Location): Node;
  report(diagnostic: Diagnostic): void;
  locate(below: Below): Location;
  /** Everything made by `build` carries one location, or that of the caller of `below`. */
  located<T>(build: () => T, below?: Below | Location): T;
  /** Reports a value of more than one bit. */
  checkBit(signal: UInt, what: string, id: 'condition-width' | 'enable-width', location: Location): void;
  /** Reports a value of another module. */
  checkOwn(node: Node, location: Location): void;
  /** Bits that are dropped by name. */
  dropped(node: Node, high: number, low: number): void;
  /** Names a node; `type` tells how its value is shown. */
  name(node: Node, name: string, type: LeafShape): void;
  /** Makes `value` the driver of a net, or the next value of a register. */
  assign(target: Node, value: Node, location: Location): void;
}
