/** For tests: whether a plan is one. */
import { type Plan, traffic } from './plan.ts';

/** What is left in each column when every chain has taken and given; throws where a chain takes what is not there, or products wait for registers. */
export function leftOver({ heap, width, levels, every }: Plan): number[] {
  const bits = Array.from({ length: width }, (_, c) => heap[c]?.bits ?? 0);
  const left = Array.from({ length: width }, (_, c) => heap[c]?.products ?? 0);
  for (const [n, level] of levels.entries()) {
    const given = bits.map(() => 0);
    for (const chain of level)
      for (let i = 0; i < chain.times; i++)
        traffic(
          chain,
          width,
          (c, b, p) => {
            bits[c]! -= b;
            left[c]! -= p;
            if (bits[c]! < 0 || left[c]! < 0) throw new Error(`level ${n} takes too much of column ${c}`);
          },
          (c, b) => {
            given[c]! += b;
          },
        );
    for (const [c, b] of given.entries()) bits[c]! += b;
    if (n + 1 === every && left.some((p) => p > 0)) throw new Error('products are left behind the first registers');
  }
  return bits;
}
