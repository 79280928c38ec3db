/**
 * How little a plan can cost, whatever search finds: the linear program over the same counters, of which there may be parts. What is in a column of a
 * level has to be taken or passed on. The prices of bits, products and carries in which the program ends are the proof: by them no counter takes more than
 * it gives and costs, so that every plan costs at least what its heap is worth.
 */
import { type LinearProgram, prices } from './dual-simplex.ts';
import { usableIn } from './ecp5.ts';
import { type Family, familyOf, type Variant } from './family.ts';
import type { Plan } from './plan.ts';

export type Task = Pick<Plan, 'family' | 'heap' | 'width' | 'every' | 'latency'>;

/** What a bit, a product and a carry are worth, by level and column, in LUTs; no plan costs less than `bound`. */
export interface Prices {
  readonly bound: number;
  bit(level: number, column: number): number;
  product(level: number, column: number): number;
  carry(level: number, column: number): number;
}

/** The best prices of a task. Costs are LUTs, and flip-flops where they count as LUTs. */
export function pricesOf(task: Task): Prices {
  const { program, rows } = programOf(task);
  const found = prices(program);
  if (found === undefined) throw new Error('the program has no solution, though every heap has a plan');
  const price = (row: number | undefined): number => (row === undefined ? 0 : Math.max(0, found[row]!));
  const worth = new Float64Array(program.costs.length);
  let value = 0;
  for (const [i, { coefficients, least }] of program.rows.entries()) {
    value += price(i) * least;
    for (const [j, a] of coefficients) worth[j]! += price(i) * a;
  }
  const excess = Math.max(0, ...program.costs.map((cost, j) => worth[j]! - cost));
  if (excess > tolerance) throw new Error(`prices are ${excess} too high`);
  // a plan uses fewer counters, and passes fewer bits on, than this
  const uses = task.latency * task.every * task.heap.reduce((n, c) => n + c.bits + 2 * c.products, 0);
  return {
    bound: value - excess * uses,
    bit: (l, c) => price(rows.bits(l, c)),
    product: (l, c) => price(rows.products(l, c)),
    carry: (l, c) => price(rows.carries(l, c)) - price(rows.begins(l, c)),
  };
}

const tolerance = 1e-5;

/** Rows by level and column: what must be taken or passed on. */
interface Rows {
  bits(level: number, column: number): number;
  /** Undefined: there are none so late. */
  products(level: number, column: number): number | undefined;
  /** Carries into a column, which go on in their chain or leave it; undefined: beyond the result. */
  carries(level: number, column: number): number | undefined;
  /** Chains that begin, where that costs LUTs. */
  begins(level: number, column: number): number | undefined;
}

function programOf({ family: name, heap, width, every, latency }: Task): { program: LinearProgram; rows: Rows } {
  const family = familyOf(name);
  const levels = latency * every;
  const coefficients: Map<number, number>[] = [];
  const least: number[] = [];
  const costs: number[] = [];
  const table = (depth: number, of: (level: number, column: number) => number | undefined) => {
    const index = Array.from({ length: depth }, (_, l) =>
      Array.from({ length: width }, (_, c) => {
        const demand = of(l, c);
        if (demand === undefined) return undefined;
        coefficients.push(new Map());
        return least.push(demand) - 1;
      }),
    );
    return (level: number, column: number): number | undefined => index[level]?.[column];
  };
  const given = (l: number, n: number): number => (l === 0 ? n : 0);
  const bits = table(levels + 1, (l, c) => (l === levels ? -1 : given(l, heap[c]?.bits ?? 0)));
  const rows: Rows = {
    bits: (l, c) => bits(l, c)!,
    products: table(every, (l, c) => (heap[c]?.products ? given(l, heap[c].products) : undefined)),
    carries: table(levels, () => 0),
    begins: family.chainLuts === 0 ? () => undefined : table(levels, () => 0),
  };
  const use = (cost: number, ...parts: readonly (readonly [number | undefined, number])[]): void => {
    const j = costs.push(cost) - 1;
    for (const [row, a] of parts) {
      if (row === undefined || a === 0) continue;
      const of = coefficients[row]!;
      of.set(j, (of.get(j) ?? 0) + a);
    }
  };
  const variants = fullest(family);
  const usable = usableIn(family, heap);
  for (let l = 0; l < levels; l++) {
    const registered = (l + 1) % every === 0;
    const register = registered ? family.lutsPerRegister : 0;
    const chains = registered || !family.chainsLast;
    for (let c = 0; c < width; c++) {
      pass(l, c, rows, register, use);
      if (chains) ends(l, c, rows, register, family, use);
      for (const v of variants) {
        const fits = c + Math.max(v.gives.length, v.positions) <= width;
        if (fits && (chains || v.positions === 0) && usable(v, c)) counter(v, l, c, rows, register, use);
      }
    }
  }
  return { program: { costs, rows: coefficients.map((of, i) => ({ coefficients: of, least: least[i]! })) }, rows };
}

type Use = (cost: number, ...parts: readonly (readonly [number | undefined, number])[]) => void;

/** Bits and products that wait for the next level. */
function pass(l: number, c: number, rows: Rows, register: number, use: Use): void {
  use(register, [rows.bits(l, c), 1], [rows.bits(l + 1, c), -1]);
  const [here, next] = [rows.products(l, c), rows.products(l + 1, c)];
  if (here !== undefined && next !== undefined) use(0, [here, 1], [next, -1]);
}

/** Chains that begin, with a bit or a product as their carry, and carries that leave as bits. */
function ends(l: number, c: number, rows: Rows, register: number, family: Family, use: Use): void {
  const [carry, begins] = [rows.carries(l, c), rows.begins(l, c)];
  use(register, [carry, 1], [begins, -1], [rows.bits(l + 1, c), -1]);
  if (begins !== undefined) use(family.chainLuts, [begins, 1]);
  for (const kind of family.carryIn) use(0, [kind === 'bit' ? rows.bits(l, c) : rows.products(l, c), 1], [carry, -1]);
}

/** A counter; those of a chain take a carry at c, and send one on. */
function counter(v: Variant, l: number, c: number, rows: Rows, register: number, use: Use): void {
  const columns = (n: readonly number[], row: (column: number) => number | undefined, sign: 1 | -1) =>
    n.map((count, k) => [row(c + k), sign * count] as const);
  const on = c + v.positions;
  use(
    v.luts + register * v.gives.reduce((n, g) => n + g, 0),
    ...columns(v.bits, (k) => rows.bits(l, k), 1),
    ...columns(v.products, (k) => rows.products(l, k), 1),
    ...columns(v.gives, (k) => rows.bits(l + 1, k), -1),
    ...(v.positions === 0
      ? []
      : ([
          [rows.carries(l, c), 1],
          [rows.begins(l, c), -1],
          [rows.carries(l, on), -1],
          [rows.begins(l, on), 1],
        ] as const)),
  );
}

/** Counters with as much in them as they hold: what takes less at the same cost never serves better. */
export function fullest({ variants }: Family): Variant[] {
  const no = (a: readonly number[], b: readonly number[]): boolean => a.every((n, i) => n <= (b[i] ?? 0));
  return variants.filter(
    (v) =>
      !variants.some(
        (u) =>
          u !== v && u.counter === v.counter && u.luts <= v.luts && no(v.bits, u.bits) && no(v.products, u.products),
      ),
  );
}
