/**
 * The cheapest plan of a small heap: every way to use the counters, level by level and column by column, but for what the prices of `bound.ts` show to be too
 * dear. As a counter with more in it never serves worse, each takes all that there is for its slots.
 */
import { fullest, type Prices, pricesOf, type Task } from './bound.ts';
import { usableIn } from './ecp5.ts';
import { type Family, type Filling, familyOf, type Variant } from './family.ts';
import { accounted, type Chain, type Plan, positionsOf } from './plan.ts';

/** A level at work: what is left of it, what the next one has so far, and chains that go on in the column at work and in those above. */
interface State {
  readonly cost: number;
  readonly bits: readonly number[];
  readonly products: readonly number[];
  readonly next: readonly number[];
  readonly live: readonly number[];
  readonly last: Step | undefined;
}

/** A counter that is used, and the state before it. */
interface Step {
  readonly before: State;
  readonly level: number;
  readonly column: number;
  readonly variant: Variant;
  /** Begins a chain, with this carry. */
  readonly begins: boolean;
  readonly carryIn: Filling;
}

/** Undefined where more than `most` states would have to be looked at. Costs are LUTs, and flip-flops where they count as LUTs. */
export function cheapestPlan(task: Task, most = 300_000): Plan | undefined {
  const family = familyOf(task.family);
  const search = prepared(task, family);
  const budget = { left: most };
  for (let cost = Math.ceil(search.prices.bound); ; cost++) {
    const found = within(search, cost, budget);
    if (budget.left < 0) return undefined;
    if (found !== undefined) return accounted({ ...task, levels: levelsOf(found) }, family);
  }
}

interface Search {
  readonly task: Task;
  readonly family: Family;
  readonly prices: Prices;
  readonly counters: readonly Variant[];
  usable(v: Variant, column: number): boolean;
  /** The counter filled with just this; undefined: it would compute a constant. */
  filled(v: Variant, bits: readonly number[], products: readonly number[]): Variant | undefined;
}

function prepared(task: Task, family: Family): Search {
  const key = (v: Variant, bits: readonly number[], products: readonly number[]): string =>
    `${v.counter.name} ${v.positions} ${v.counter.slots.length} ${bits} ${products}`;
  const variants = new Map(family.variants.map((v) => [key(v, v.bits, v.products), v]));
  return {
    ...{ task, family, prices: pricesOf(task), counters: fullest(family) },
    usable: usableIn(family, task.heap),
    filled: (v, bits, products) => variants.get(key(v, bits, products)),
  };
}

/** The state behind the last level of a plan that costs no more. */
function within(search: Search, most: number, budget: { left: number }): State | undefined {
  const { heap, width, every, latency } = search.task;
  const levels = latency * every;
  const upTo = (of: (c: number) => number): number[] => Array.from({ length: width }, (_, c) => of(c));
  const none = upTo(() => 0);
  const longest = Math.max(...search.counters.map((v) => v.positions));
  let states: State[] = [
    {
      ...{ cost: 0, next: none, live: new Array<number>(longest + 1).fill(0), last: undefined },
      bits: upTo((c) => heap[c]?.bits ?? 0),
      products: upTo((c) => heap[c]?.products ?? 0),
    },
  ];
  const ends = upTo((c) => search.prices.bit(levels, c)).reduce((a, b) => a + b, 0);
  for (let l = 0; l < levels; l++) {
    const cheap = (s: State, c: number): boolean => s.cost + worth(s, l, c, search.prices) - ends <= most + rounding;
    for (let c = 0; c < width; c++) {
      states = left(search, l, c, used(search, l, c, states, cheap, budget), cheap);
      if (budget.left < 0) return undefined;
    }
    states = states.map((s) => ({ ...s, bits: s.next, next: none }));
    if (l === every - 1) states = states.filter((s) => s.products.every((n) => n === 0));
  }
  return states.find((s) => s.bits.every((n) => n <= 1));
}

const rounding = 1e-3;

/** What all bits, products and carries are worth, with column c and up still to do. */
function worth({ bits, products, next, live }: State, l: number, c: number, p: Prices): number {
  let sum = 0;
  for (let k = 0; k < bits.length; k++) {
    sum += bits[k]! * p.bit(l, k) + next[k]! * p.bit(l + 1, k);
    if (products[k]! > 0) sum += products[k]! * p.product(k < c ? l + 1 : l, k);
  }
  for (const [k, n] of live.entries()) if (n > 0) sum += n * p.carry(l, c + k);
  return sum;
}

/** States by what distinguishes them, each at its least cost. */
function collection() {
  const known = new Map<string, State>();
  return {
    known,
    /** Whether it is new, or cheaper. */
    add(s: State): boolean {
      const key = String.fromCharCode(...s.bits, ...s.products, ...s.next, ...s.live);
      const before = known.get(key);
      if (before !== undefined && before.cost <= s.cost) return false;
      known.set(key, s);
      return true;
    },
  };
}

/** All states that any number of counters at column c lead to. */
function used(
  search: Search,
  l: number,
  c: number,
  states: readonly State[],
  cheap: (s: State, c: number) => boolean,
  budget: { left: number },
): State[] {
  const { family, task } = search;
  const chains = !family.chainsLast || (l + 1) % task.every === 0;
  const all = collection();
  for (const s of states) all.add(s);
  for (const v of search.counters) {
    if (c + Math.max(v.gives.length, v.positions) > task.width) continue;
    if ((v.positions > 0 && !chains) || !search.usable(v, c)) continue;
    const work = [...all.known.values()];
    for (let s = work.pop(); s !== undefined; s = work.pop()) {
      for (const made of withCounter(search, l, c, v, s)) if (cheap(made, c) && all.add(made)) work.push(made);
      if (--budget.left < 0) return [];
    }
  }
  return [...all.known.values()];
}

/** With one counter more: in a chain that goes on, or in one that begins, with or without a carry. */
function withCounter({ family, task, filled }: Search, level: number, column: number, v: Variant, s: State): State[] {
  const made = (carryIn: Filling, goesOn: boolean): State[] => {
    const at = (k: number, kind: Filling): number => (k === 0 && carryIn === kind ? 1 : 0);
    const stock = (of: readonly number[], kind: Filling, k: number): number => (of[column + k] ?? 0) - at(k, kind);
    const bits = v.bits.map((n, k) => Math.min(n, stock(s.bits, 'bit', k)));
    const most = level < task.every ? v.products : v.products.map(() => 0);
    const products = most.map((n, k) => Math.min(n, stock(s.products, 'product', k)));
    const variant = filled(v, bits, products);
    if (variant === undefined) return [];
    const given = v.gives.reduce((n, g) => n + g, 0);
    const register = (level + 1) % task.every === 0 ? family.lutsPerRegister : 0;
    const begins = v.positions > 0 && !goesOn;
    const ends = column + v.positions < task.width ? v.positions : Number.NaN;
    const less = (of: readonly number[], taken: readonly number[], kind: Filling): number[] =>
      of.map((n, k) => n - (taken[k - column] ?? 0) - at(k - column, kind));
    return [
      {
        cost: s.cost + variant.luts + register * given + (begins ? family.chainLuts : 0),
        bits: less(s.bits, bits, 'bit'),
        products: less(s.products, products, 'product'),
        next: s.next.map((n, k) => n + (v.gives[k - column] ?? 0)),
        live: v.positions === 0 ? s.live : s.live.map((n, k) => n + (k === ends ? 1 : 0) - (k === 0 && goesOn ? 1 : 0)),
        last: { before: s, level, column, variant, begins, carryIn },
      },
    ];
  };
  if (v.positions === 0) return made(undefined, false);
  if (s.live[0]! > 0) return made(undefined, true);
  const stock = { bit: s.bits[column]!, product: level < task.every ? s.products[column]! : 0 };
  return [...made(undefined, false), ...family.carryIn.flatMap((kind) => (stock[kind] > 0 ? made(kind, false) : []))];
}

/** What is left in column c waits for the next level, and carries leave their chains. */
function left(
  { family, task }: Search,
  l: number,
  c: number,
  states: readonly State[],
  cheap: (s: State, c: number) => boolean,
): State[] {
  const register = (l + 1) % task.every === 0 ? family.lutsPerRegister : 0;
  const all = collection();
  for (const s of states) {
    const on = s.bits[c]! + s.live[0]!;
    const made: State = {
      ...{ cost: s.cost + register * on, bits: s.bits.with(c, 0), products: s.products, last: s.last },
      ...{ next: s.next.with(c, s.next[c]! + on), live: [...s.live.slice(1), 0] },
    };
    if (cheap(made, c + 1)) all.add(made);
  }
  return [...all.known.values()];
}

/** The chains of every level that led to a state; levels may have none. */
function levelsOf(state: State): Plan['levels'] {
  const steps: Step[] = [];
  for (let s = state.last; s !== undefined; s = s.before.last) steps.unshift(s);
  const levels: (Chain & { readonly steps: Variant[] })[][] = [];
  for (const { level, column, variant, begins, carryIn } of steps) {
    while (levels.length <= level) levels.push([]);
    const chains = levels[level]!;
    const goesOn = variant.positions > 0 && !begins;
    const open = goesOn ? chains.find((c) => c.start + positionsOf(c) === column && c.start < column) : undefined;
    if (open === undefined) chains.push({ start: column, carryIn, steps: [variant], times: 1 });
    else open.steps.push(variant);
  }
  return levels;
}
