/** The last level: chains that leave at most one bit in every column. */
import type { Stock } from './chain.ts';
import type { Family, Variant } from './family.ts';
import type { Chain } from './plan.ts';

interface Way {
  readonly luts: number;
  readonly step?: Variant;
  readonly carryIn?: 'bit' | undefined;
}

/** Those of the fewest LUTs; undefined where one level is not enough. */
export function finish(
  { bits, products }: Stock,
  family: Family,
  usable: (v: Variant, column: number) => boolean,
): readonly Chain[] | undefined {
  const width = bits.length;
  if (bits.some((n, c) => n + 2 * products[c]! > 7)) return undefined;
  const steps = family.variants.filter((v) => v.positions > 0 && v.counter.outs.length === 0);
  const takesAll = (v: Variant, c: number, spare: number): boolean => {
    for (let k = 0; k < v.positions; k++) {
      const had = bits[c + k]! - (k === 0 ? spare : 0);
      if ((v.bits[k] ?? 0) !== had || (v.products[k] ?? 0) !== products[c + k]!) return false;
    }
    return usable(v, c);
  };
  // by column: without, and with a carry that comes to it
  const ways: (readonly [Way, Way])[] = new Array(width + 1);
  ways[width] = [{ luts: 0 }, { luts: 0 }];
  const bestWay = (c: number, linked: boolean): Way => {
    const passes = products[c] === 0 && bits[c]! + (linked ? 1 : 0) <= 1;
    let best: Way = { luts: passes ? ways[c + 1]![0].luts : Number.POSITIVE_INFINITY };
    for (const carryIn of linked || !family.carryIn.includes('bit') ? [undefined] : [undefined, 'bit' as const]) {
      for (const step of steps) {
        if (c + step.positions > width || !takesAll(step, c, carryIn === 'bit' ? 1 : 0)) continue;
        const luts = step.luts + ways[c + step.positions]![1].luts + (linked ? 0 : family.chainLuts);
        if (luts < best.luts) best = { luts, step, carryIn };
      }
    }
    return best;
  };
  for (let c = width - 1; c >= 0; c--) ways[c] = [bestWay(c, false), bestWay(c, true)];
  return ways[0]![0].luts === Number.POSITIVE_INFINITY ? undefined : chainsAlong(ways);
}

function chainsAlong(ways: readonly (readonly [Way, Way])[]): Chain[] {
  const chains: Chain[] = [];
  let linked = false;
  for (let c = 0; c < ways.length - 1; ) {
    const way: Way = ways[c]![linked ? 1 : 0];
    const { carryIn } = way;
    const step: Variant | undefined = way.step;
    if (step === undefined) c++;
    else if (linked) {
      const last = chains.pop()!;
      chains.push({ ...last, steps: [...last.steps, step] });
    } else chains.push({ start: c, carryIn, steps: [step], times: 1 });
    linked = step !== undefined;
    c += step?.positions ?? 0;
  }
  return chains;
}
