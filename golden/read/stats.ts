/** What was seen while a tensor was read. */
export interface WeightStats {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  /** Exactly 0 or -0. */
  readonly zeros: number;
  /** Not zero, and below 2^-10 times the power of two in the largest magnitude: a small step from the other sign. */
  readonly nearZeros: number;
}

/** Collects WeightStats over chunks, independent of their order. */
export interface StatsCounter {
  add(values: Float64Array): void;
  zeros(): number;
  result(): WeightStats;
}

/** Magnitudes are counted by binary exponent, so that near-zeros can be told once the largest is known. */
export function countStats(): StatsCounter {
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  const byExponent = new Float64Array(256);
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let zeros = 0;
  return {
    add(values) {
      count += values.length;
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        if (value < min) min = value;
        if (value > max) max = value;
        if (value === 0) zeros++;
        else {
          single[0] = value;
          byExponent[(bits[0]! >>> 23) & 255]!++;
        }
      }
    },
    zeros: () => zeros,
    result() {
      const largest = byExponent.findLastIndex((n) => n > 0);
      const nearZeros = byExponent.subarray(0, Math.max(0, largest - 10)).reduce((sum, n) => sum + n, 0);
      return { count, min, max, zeros, nearZeros };
    },
  };
}
