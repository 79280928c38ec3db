/**
 * Chooses the counters of a compressor. Level by level the chain of greatest worth is taken (`chain.ts`), as often as the heap allows, until none
 * is worth its LUTs; as soon as one more level can end it (`finish.ts`), it does. What a bit is worth in each level decides how much a
 * level does, and that is what the search is over: many tries from a fixed seed, the later ones near the best so far.
 */
import { bestChain, type Market, type Stock } from './chain.ts';
import { usableIn } from './ecp5.ts';
import { cheapestPlan } from './exact.ts';
import { type Family, type FamilyName, familyOf, type Variant } from './family.ts';
import { finish } from './finish.ts';
import {
  accounted,
  type Chain,
  cellsOf,
  defaultEvery,
  type Heap,
  type Level,
  type Plan,
  stagesFor,
  traffic,
} from './plan.ts';
import { knownTerms } from './terms.ts';

/** How a level trades, in LUTs. */
export interface Terms {
  /** What a bit less, and a product less, is worth. */
  readonly bit: number;
  readonly product: number;
  /** Share of the products that the level may take, and of carry cells for each bit of the heap. */
  readonly share: number;
  readonly cells: number;
  /** What starting a carry chain costs. */
  readonly start: number;
}

export interface SearchOptions {
  readonly family: FamilyName;
  /** Levels between registers; default that of the family. */
  readonly every?: number;
  /** Tries; more find better plans. Default 20. */
  readonly tries?: number;
  /** Terms to start from; default those of the family that long searches have found; none: any. */
  readonly from?: readonly (readonly Terms[])[];
}

export interface Found {
  readonly plan: Plan;
  readonly terms: readonly Terms[];
}

/** The plan of the fewest LUTs that was found, flip-flops counted where they cost some: of small heaps the cheapest of all (`exact.ts`). */
export function searchPlan(heap: Heap, width: number, options: SearchOptions): Plan {
  const { plan } = search(heap, width, options);
  return itemsOf(heap) > smallHeap ? plan : (cheapestPlan(plan, exactStates) ?? plan);
}

const itemsOf = (heap: Heap): number => heap.reduce((n, { bits, products }) => n + bits + products, 0);

/** Bits and products of heaps for which the cheapest plan is looked for, in so many states, some seconds at most. */
const smallHeap = 13;
const exactStates = 300_000;

/** Of as many stages as the height of the heap asks for, or more where no try ends in them. */
export function search(heap: Heap, width: number, options: SearchOptions): Found {
  const { family: name, every = defaultEvery[options.family] } = options;
  const family = familyOf(name);
  const usable = usableIn(family, heap);
  for (let latency = stagesFor(heap, name, every); ; latency++) {
    const found = searchWithin(heap, width, family, { every, latency }, options, usable);
    if (found !== undefined) return found;
  }
}

type Stages = Pick<Plan, 'every' | 'latency'>;

function searchWithin(
  heap: Heap,
  width: number,
  family: Family,
  stages: Stages,
  { tries = 20, from = knownTerms[family.name] }: SearchOptions,
  usable: Market['usable'],
): Found | undefined {
  const levels = stages.latency * stages.every;
  const random = generator(levels);
  const most = mostTries(heap, tries);
  let best: Found | undefined;
  const next = (i: number): readonly Terms[] => {
    if (i < from.length) return from[i]!;
    if (i === most) return [hasty(family)];
    if (best !== undefined && i >= tries / 3) return nearTerms(best.terms, random);
    return from.length > 0 && i < tries
      ? nearTerms(from[i % from.length]!, random)
      : anyTerms(levels, family.lutsPerBit, random);
  };
  for (let i = 0; i < tries || (best === undefined && i <= most); i++) {
    const terms = ofLength(levels, next(i));
    const plan = attempt(heap, width, family, stages, terms, usable);
    if (plan === undefined || (i < most && !hasRoom(plan, family))) continue;
    if (best === undefined || costOf(plan, family) < costOf(best.plan, family)) best = { plan, terms };
  }
  return best;
}

const costOf = ({ luts, registers }: Plan, family: Family): number => luts + family.lutsPerRegister * registers;

/** Whether the carry cells of a plan ask for no more slices than its LUTs; a few may. */
const hasRoom = ({ luts, cells }: Plan, { lutsPerCell }: Family): boolean =>
  cells * lutsPerCell <= Math.max(luts, 8 * lutsPerCell);

/** Where none of the tries ends in time, there are more: for small heaps, which take no time. The last of them is hasty. */
function mostTries(heap: Heap, tries: number): number {
  return tries + Math.min(2000, Math.ceil(1e6 / itemsOf(heap)));
}

/** Terms by which every counter that takes more bits than it gives is worth its LUTs: heaps of any size end, if not in few LUTs. */
const hasty = ({ lutsPerBit }: Family): Terms => ({
  ...{ bit: 4 * lutsPerBit, product: 8 * lutsPerBit, share: 1, cells: Number.POSITIVE_INFINITY, start: 0 },
});

/** Terms for so many levels: the last serve for all that follow. */
const ofLength = (levels: number, terms: readonly Terms[]): Terms[] =>
  Array.from({ length: levels }, (_, n) => terms[Math.min(n, terms.length - 1)]!);

/** A linear congruential generator of numbers from 0 to 1: the same plans everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function anyTerms(levels: number, scale: number, random: () => number): Terms[] {
  let bit = scale * (1 + 0.2 * random());
  const start = scale * 2.4 * random();
  return Array.from({ length: levels }, () => {
    bit += scale * 0.8 * random() * random();
    const product = bit + scale * (0.4 + 1.6 * random());
    return { bit, product, share: random(), cells: 0.05 + 0.2 * random(), start };
  });
}

const nearTerms = (terms: readonly Terms[], random: () => number): Terms[] => {
  const near = (x: number): number => x * (0.9 + 0.2 * random());
  const start = near(terms[0]!.start);
  return terms.map((t) =>
    random() < 0.6
      ? { ...t, start }
      : {
          bit: near(t.bit),
          product: near(t.product),
          share: Math.min(1, Math.max(0, t.share + 0.2 * (random() - 0.5))),
          cells: near(t.cells),
          start,
        },
  );
};

/** A plan by these terms; undefined where they do not end in time. */
function attempt(
  heap: Heap,
  width: number,
  family: Family,
  { every, latency }: Stages,
  terms: readonly Terms[],
  usable: Market['usable'],
): Plan | undefined {
  const column = (c: number) => heap[c] ?? { bits: 0, products: 0 };
  const stock: Stock = {
    bits: Int32Array.from({ length: width }, (_, c) => column(c).bits),
    products: Int32Array.from({ length: width }, (_, c) => column(c).products),
  };
  const levels: Level[] = [];
  for (const [n, t] of terms.entries()) {
    const last = finish(stock, family, usable);
    if (last !== undefined) {
      if (last.length > 0) levels.push(last);
      return accounted({ family: family.name, heap, width, levels, every, latency }, family);
    }
    if (n === terms.length - 1) return undefined;
    const deadline = levels.length === every - 1;
    const urgent = deadline ? { ...t, product: t.bit + 4 * family.lutsPerBit, share: 1 } : t;
    const chains = !family.chainsLast || levels.length % every === every - 1;
    const level = takeLevel(stock, family, chains ? urgent : { ...urgent, cells: 0 }, levels.length < every, usable);
    if (level.length > 0) levels.push(level);
    if (deadline && stock.products.some((p) => p > 0)) return undefined;
  }
  return undefined;
}

const gainOf = (v: Variant, t: Terms): number => {
  let gain = -v.luts;
  for (const n of v.bits) gain += n * t.bit;
  for (const n of v.products) gain += n * t.product;
  for (const n of v.gives) gain -= n * t.bit;
  return gain;
};

/** Takes chains from the stock until none is worth it, and leaves there what the next level finds. */
function takeLevel(stock: Stock, family: Family, t: Terms, products: boolean, usable: Market['usable']): Level {
  const width = stock.bits.length;
  const held = stock.products.map((n) => Math.floor(n * (1 - t.share)));
  for (const [c, n] of held.entries()) stock.products[c]! -= n;
  const offers = family.variants
    .filter((v) => products || v.products.every((n) => n === 0))
    .map((variant) => ({ variant, gain: gainOf(variant, t) }))
    .sort((a, b) => b.gain - a.gain);
  const single = offers.filter((o) => o.variant.positions === 0);
  const chained = offers.filter((o) => o.variant.positions > 0);
  const given = new Int32Array(width);
  const level: Chain[] = [];
  const most = family.lutsPerCell === 0 ? Number.POSITIVE_INFINITY : stock.bits.reduce((n, b) => n + b, 0);
  let cells = t.cells === 0 ? 0 : Math.ceil(t.cells * most) + 1;
  for (;;) {
    const worth = { bit: t.bit, product: products ? t.product : Number.NEGATIVE_INFINITY, start: t.start };
    const market = { family, width, chained: cells > 0 ? chained : [], single, ...worth, usable };
    const chain = bestChain(stock, market);
    if (chain === undefined) break;
    const taken = takeOften(chain, stock, given, family, cells);
    level.push(taken);
    cells -= cellsOf(taken, family);
  }
  for (let c = 0; c < width; c++) {
    stock.bits[c]! += given[c]!;
    stock.products[c]! += held[c]!;
  }
  return level;
}

/** The chain as many times as the stock, and the room for its cells, allow. */
function takeOften(chain: Chain, stock: Stock, given: Int32Array, family: Family, cells: number): Chain {
  const width = given.length;
  const bits = new Int32Array(width);
  const products = new Int32Array(width);
  const gives = new Int32Array(width);
  traffic(
    chain,
    width,
    (c, b, p) => {
      bits[c]! += b;
      products[c]! += p;
    },
    (c, b) => {
      gives[c]! += b;
    },
  );
  const each = cellsOf(chain, family);
  let times = each > 0 ? Math.max(1, Math.floor(cells / each)) : Number.POSITIVE_INFINITY;
  for (let c = 0; c < width; c++) {
    if (bits[c]! > 0) times = Math.min(times, Math.floor(stock.bits[c]! / bits[c]!));
    if (products[c]! > 0) times = Math.min(times, Math.floor(stock.products[c]! / products[c]!));
  }
  for (let c = 0; c < width; c++) {
    stock.bits[c]! -= times * bits[c]!;
    stock.products[c]! -= times * products[c]!;
    given[c]! += times * gives[c]!;
  }
  return { ...chain, times };
}
