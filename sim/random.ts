/** Reproducible random numbers (splitmix32) for test benches: the same seed, the same run. */
export interface Random {
  /** Uniform in 0 to 2^32 - 1. */
  word(): number;
  /** Uniform in [0, 1). */
  unit(): number;
  /** Uniform in 0 to `bound` - 1. */
  below(bound: number): number;
  /** `width` uniform bits. */
  bits(width: number): bigint;
  chance(probability: number): boolean;
}

export function createRandom(seed: number): Random {
  let state = seed | 0;
  const word = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let x = state ^ (state >>> 16);
    x = Math.imul(x, 0x21f0aaad);
    x ^= x >>> 15;
    x = Math.imul(x, 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
  const unit = (): number => word() / 0x1_0000_0000;
  return {
    word,
    unit,
    below: (bound) => Math.floor(unit() * bound),
    bits: (width) => {
      let value = 0n;
      for (let done = 0; done < width; done += 32) value = (value << 32n) | BigInt(word());
      return BigInt.asUintN(width, value);
    },
    chance: (probability) => unit() < probability,
  };
}
