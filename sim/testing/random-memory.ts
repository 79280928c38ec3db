/** For tests: a random memory with ports of all kinds, whose undefined data the design around it does not look at. */
import { addressWidth, type BitType, type Clock, type Node, type Read, type ReadPort } from '../../gen/ir.ts';
import type { Random } from '../random.ts';
import { type Sketch, u } from './ir.ts';

/** Some value of the module, resized to a type if one is asked for. */
export type Pick = (type?: BitType) => Node;

export interface RandomMemory {
  /** Data of the registered reads: 0 where a write may have spoilt it. */
  readonly registered: readonly Node[];
  /** A new combinational read, at an address that is there already. */
  readNow(): Node;
  /** Makes what drives the ports. */
  close(): void;
}

const groupCounts = [1, 2, 3, 4, 7];
const rules = ['old', 'new', 'undefined'] as const;

/** Addresses, enables and masks come from `control`, which gives values that change, the data from `pick`. */
export function randomMemory(
  name: string,
  sk: Sketch,
  random: Random,
  pick: Pick,
  control: (type: BitType) => Node,
  clocks: readonly Clock[],
): RandomMemory {
  const groups = groupCounts[random.below(groupCounts.length)]!;
  const word = u(groups * (1 + random.below(random.chance(0.7) ? 16 : 40)));
  // Printed Verilog shows a write beyond the depth to a read with `new`, which a design must not look at.
  const depth = random.chance(0.5) ? 2 ** (1 + random.below(4)) : 3 + random.below(14);
  const full = depth === 2 ** addressWidth(depth);
  const writing = clocks[random.below(clocks.length)]!;
  const address = u(addressWidth(depth));
  const open = Array.from({ length: 1 + random.below(3) }, (_, i) => {
    const node = sk.node({ tag: 'read', ...word });
    sk.names.set(node, `${name}_q${i}`);
    const clock = clocks[random.below(clocks.length)]!;
    const allowed = full ? rules : rules.filter((rule) => rule !== 'new');
    const underWrite = allowed[random.below(allowed.length)]!;
    const port = { node, clock, underWrite };
    if (clock === writing && underWrite !== 'undefined') return { ...port, spoilt: undefined, value: node };
    const spoilt = sk.node({ tag: 'reg', ...u(1) });
    sk.names.set(spoilt, `${name}_spoilt${i}`);
    const nothing = sk.node({ tag: 'const', ...word, value: 0n });
    return { ...port, spoilt, value: sk.node({ tag: 'mux', ...word, select: spoilt, a: nothing, b: node }) };
  });
  const now: { readonly node: Read; readonly address: Node }[] = [];
  const init = Array.from({ length: random.below(depth + 1) }, () => random.bits(word.width));

  const close = (): void => {
    const target = control(address);
    const writes = Array.from({ length: 1 + random.below(2) }, () => ({
      clock: writing,
      address: random.chance(0.7) ? target : control(address),
      data: pick(word),
      enable: control(u(1)),
      mask: random.chance(0.6) ? control(u(groups)) : undefined,
    }));
    const reads = open.map(({ node, spoilt, clock, underWrite }): ReadPort => {
      const at = random.chance(0.5) ? writes[random.below(writes.length)]!.address : control(address);
      const enable = random.chance(0.5) ? control(u(1)) : undefined;
      if (spoilt !== undefined) {
        const hits = writes.map((w): Node => {
          const same = sk.node({ tag: 'eq', ...u(1), a: w.address, b: at });
          return sk.node({ tag: 'and', ...u(1), a: same, b: w.enable });
        });
        const next = hits.reduce((a, b) => sk.node({ tag: 'or', ...u(1), a, b }));
        sk.register({ node: spoilt, clock, next, enable, reset: undefined });
      }
      return { node, clock, kind: 'registered', address: at, enable, underWrite };
    });
    const combinational = now.map(
      ({ node, address }): ReadPort => ({
        node,
        clock: writing,
        kind: 'combinational',
        address,
        enable: undefined,
        underWrite: 'old',
      }),
    );
    sk.memories.push({
      name,
      depth,
      width: word.width,
      style: 'auto',
      init: random.chance(0.6) ? init : undefined,
      reads: [...reads, ...combinational],
      writes,
      location: open[0]!.node.location,
    });
  };
  return {
    registered: open.map((port) => port.value),
    readNow: () => {
      const at = control(address);
      const node = sk.node({ tag: 'read', ...word });
      sk.names.set(node, `${name}_now${now.length}`);
      now.push({ node, address: at });
      return node;
    },
    close,
  };
}
