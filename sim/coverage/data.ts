/** What was seen in runs of a design: plain data, which can be kept in a file and merged. */

/** Bits of a net that rose and fell, as hexadecimal masks. */
export interface Toggles {
  readonly width: number;
  readonly rose: string;
  readonly fell: string;
}

export const corners = ['zero', 'all ones', 'least', 'greatest'] as const;
export type Corner = (typeof corners)[number];

/** A state machine: how often each state was entered, and each transition between two states was made. */
export interface Machine {
  readonly states: Readonly<Record<string, number>>;
  readonly transitions: Readonly<Record<string, number>>;
}

/** By hierarchical name. */
export interface Coverage {
  readonly design: string;
  readonly cycles: number;
  readonly nets: Readonly<Record<string, Toggles>>;
  /** Of registers: how often each corner of its type was taken; those of one bit are left to the toggles. */
  readonly registers: Readonly<Record<string, Readonly<Partial<Record<Corner, number>>>>>;
  readonly machines: Readonly<Record<string, Machine>>;
  /** How often each cover property was met. */
  readonly covers: Readonly<Record<string, number>>;
}

type Counts = Readonly<Record<string, number>>;

const union = <T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>, join: (x: T, y: T) => T) => {
  const merged: Record<string, T> = { ...a };
  for (const [name, value] of Object.entries(b))
    merged[name] = merged[name] === undefined ? value : join(merged[name], value);
  return merged;
};
const sum = (a: Counts, b: Counts): Counts => union(a, b, (x, y) => x + y);
const either = (a: string, b: string): string => (BigInt(`0x${a}`) | BigInt(`0x${b}`)).toString(16);

/** All that was seen in either. Both must be of one design; what only one has (another elaboration) is kept. */
export function mergeCoverage(a: Coverage, b: Coverage): Coverage {
  return {
    design: a.design,
    cycles: a.cycles + b.cycles,
    nets: union(a.nets, b.nets, (x, y) => ({ ...x, rose: either(x.rose, y.rose), fell: either(x.fell, y.fell) })),
    registers: union(a.registers, b.registers, (x, y) => sum(x as Counts, y as Counts)),
    machines: union(a.machines, b.machines, (x, y) => ({
      states: sum(x.states, y.states),
      transitions: sum(x.transitions, y.transitions),
    })),
    covers: sum(a.covers, b.covers),
  };
}

/** How many of how many. */
export interface Share {
  readonly met: number;
  readonly all: number;
}

export const ones = (mask: string): number => BigInt(`0x${mask}`).toString(2).replaceAll('0', '').length;

/** Kinds of coverage as shares: bits that rose and fell, corners, states, cover properties. Transitions have no known whole. */
export function totals(c: Coverage): Readonly<Record<'toggles' | 'corners' | 'states' | 'covers', Share>> {
  const counted = (counts: readonly number[]): Share => ({
    met: counts.filter((n) => n > 0).length,
    all: counts.length,
  });
  const nets = Object.values(c.nets);
  return {
    toggles: {
      met: nets.reduce((n, t) => n + ones(t.rose) + ones(t.fell), 0),
      all: nets.reduce((n, t) => n + 2 * t.width, 0),
    },
    corners: counted(Object.values(c.registers).flatMap((r) => Object.values(r))),
    states: counted(Object.values(c.machines).flatMap((m) => Object.values(m.states))),
    covers: counted(Object.values(c.covers)),
  };
}
