/** A random memory with ports of all kinds, whose undefined data the design around it does not look at. */
import { addressWidth, type BitType, type Clock, type Node, type ReadPort, type Reg } from '../../gen/ir.ts';
import type { Random } from '../random.ts';
import { type Sketch, u } from '../testing/ir.ts';
import type { Pick } from './draws.ts';

export interface RandomMemory {
  /** Data of the read ports: 0 where they are undefined. */
  readonly values: readonly Node[];
  /** Makes what drives the ports. */
  close(): void;
}

/** How registers that note what is defined start: by an initial value or by the reset of the first cycle. */
export type Start = (
  init: bigint,
  reset?: bigint,
) => { readonly init: bigint | undefined; readonly reset: bigint | undefined };

interface OpenPort {
  readonly node: Node;
  readonly clock: Clock;
  readonly underWrite: ReadPort['underWrite'];
  /** 1 while the data are not to be looked at. */
  readonly spoilt: Reg;
}

const groupCounts = [1, 1, 2, 3, 4];
const rules = ['old', 'new', 'undefined'] as const;

/** Addresses, enables and masks come from `control`, the data from `pick`. */
export function randomMemory(
  sk: Sketch,
  random: Random,
  pick: Pick,
  control: Pick,
  clocks: readonly Clock[],
  start: Start,
): RandomMemory {
  const name = 'words';
  const groups = groupCounts[random.below(groupCounts.length)]!;
  const word = u(groups * (1 + random.below(random.chance(0.8) ? 12 : 40)));
  const depth = random.chance(0.5) ? 2 ** (1 + random.below(3)) : 3 + random.below(6);
  const full = depth === 2 ** addressWidth(depth);
  const clock = clocks[random.below(clocks.length)]!;
  const address = u(addressWidth(depth));
  const init = Array.from({ length: random.below(depth + 1) }, () => random.bits(word.width));
  const filled = start(0n).init !== undefined;
  const node = (draft: Parameters<Sketch['node']>[0]): Node => sk.node(draft);
  const constant = (type: BitType, value: bigint): Node => node({ tag: 'const', ...type, value });
  const not = (a: Node): Node => node({ tag: 'not', ...u(1), a });
  const both = (a: Node, b: Node): Node => node({ tag: 'and', ...u(1), a, b });
  const state = (name: string, width: number): Reg => {
    const reg = sk.node({ tag: 'reg', ...u(width) });
    sk.names.set(reg, name);
    return reg;
  };

  /** Bit i: word i has a value. Words beyond the depth have none. */
  const known = filled ? constant(u(depth), (1n << BigInt(depth)) - 1n) : state(`${name}_known`, depth);
  const isKnown = (at: Node): Node => {
    if (filled && full) return constant(u(1), 1n);
    return node({ tag: 'slice', ...u(1), a: node({ tag: 'shr', ...u(depth), a: known, b: at }), low: 0 });
  };
  const gated = (open: Node, data: Node): Node =>
    node({ tag: 'mux', ...word, select: open, a: data, b: constant(word, 0n) });

  const registered = Array.from({ length: 1 + random.below(2) }, (_, i): OpenPort => {
    const read = sk.node({ tag: 'read', ...word });
    sk.names.set(read, `${name}_q${i}`);
    // Printed Verilog shows a write beyond the depth to a read with `new`, which a design must not look at.
    const allowed = full ? rules : rules.filter((rule) => rule !== 'new');
    return {
      node: read,
      clock: clocks[random.below(clocks.length)]!,
      underWrite: allowed[random.below(allowed.length)]!,
      spoilt: state(`${name}_spoilt${i}`, 1),
    };
  });
  const now = random.chance(0.5) ? [{ node: sk.node({ tag: 'read', ...word }), address: control(address) }] : [];
  for (const { node } of now) sk.names.set(node, `${name}_now`);

  const close = (): void => {
    const target = control(address);
    const writes = Array.from({ length: 1 + random.below(2) }, () => ({
      clock,
      address: random.chance(0.7) ? target : control(address),
      data: pick(word),
      enable: control(u(1)),
      mask: groups > 1 && random.chance(0.7) ? control(u(groups)) : undefined,
    }));
    if (!filled) {
      const marks = writes.map(({ address, enable, mask }) => {
        const whole =
          mask === undefined ? enable : both(enable, equal(mask, constant(u(groups), 2n ** BigInt(groups) - 1n)));
        const bit = node({ tag: 'resize', ...u(depth), a: whole });
        return node({ tag: 'shl', ...u(depth), a: bit, b: address });
      });
      const next = [known, ...marks].reduce((a, b) => node({ tag: 'or', ...u(depth), a, b }));
      sk.register({ node: known as Reg, clock, next, enable: undefined, ...start(0n) });
    }
    const reads = registered.map(({ node: data, clock: own, underWrite, spoilt }): ReadPort => {
      const at = random.chance(0.5) ? writes[random.below(writes.length)]!.address : control(address);
      const enable = random.chance(0.5) ? control(u(1)) : undefined;
      const hits = writes.map((w) => both(equal(w.address, at), w.enable));
      const hit = hits.reduce((a, b) => node({ tag: 'or', ...u(1), a, b }));
      const harmless = own === clock && underWrite !== 'undefined';
      // A word that gets its first value in this cycle counts as unknown: right for `old`, and no loss for `new`.
      const unknown = not(isKnown(at));
      const next = harmless ? unknown : node({ tag: 'or', ...u(1), a: unknown, b: hit });
      sk.register({ node: spoilt, clock: own, next, enable, ...start(1n) });
      return { node: data as ReadPort['node'], clock: own, kind: 'registered', address: at, enable, underWrite };
    });
    const combinational = now.map(
      ({ node, address }): ReadPort => ({
        ...{ node, address, clock, kind: 'combinational', enable: undefined, underWrite: 'old' },
      }),
    );
    sk.memories.push({
      ...{ name, depth, width: word.width, style: 'auto', init: filled ? init : undefined },
      reads: [...reads, ...combinational],
      ...{ writes, location: known.location },
    });
  };
  const equal = (a: Node, b: Node): Node => node({ tag: 'eq', ...u(1), a, b });
  return {
    values: [
      ...registered.map((port) => gated(not(port.spoilt), port.node)),
      ...now.map(({ node, address }) => gated(isKnown(address), node)),
    ],
    close,
  };
}
