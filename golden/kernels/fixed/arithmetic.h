// Integers as arithmetic.ts and tables.ts have them, and what all kernels share.
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
typedef v128_t vec;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }
static inline int32_t bit_length(uint64_t x) { return x == 0 ? 0 : 64 - __builtin_clzll(x); }

// arithmetic.ts. A left shift that leaves 62 bits saturates: its results are clamped to fewer bits anyway.
static inline int64_t round_shift(int64_t x, int32_t n) {
  if (n > 62) return 0;
  if (n > 0) return (x + ((int64_t)1 << (n - 1))) >> n;
  if (x != 0 && bit_length((uint64_t)magnitude(x)) - n > 62) return x < 0 ? -((int64_t)1 << 62) : (int64_t)1 << 62;
  return x * ((int64_t)1 << -n);
}
// The same for 0 <= n < 62.
static inline int64_t shift_right(int64_t x, int32_t n) { return (x + (((int64_t)1 << n) >> 1)) >> n; }
static inline int64_t saturate_symmetric(int64_t x, int32_t bits) {
  int64_t limit = ((int64_t)1 << (bits - 1)) - 1;
  return most(-limit, least(limit, x));
}
static inline int64_t saturate(int64_t x, int32_t bits, int32_t *clamped) {
  int64_t limit = (int64_t)1 << (bits - 1);
  int64_t kept = most(-limit, least(limit - 1, x));
  if (kept != x) ++*clamped;
  return kept;
}

// Keeps the compiler from computing addresses that are offsets within an instruction, and from moving loads.
#define HIDE(a, b) __asm__ volatile("" : "+r"(a), "+r"(b)::"memory")

// tables.ts
static inline int64_t interpolate(const int32_t *table, int32_t step_bits, int64_t argument) {
  int64_t i = argument >> step_bits, f = argument - (i << step_bits);
  return table[i] + round_shift((int64_t)(table[i + 1] - table[i]) * f, step_bits);
}
#define FRACTION 16
#define TAIL_END (16 << FRACTION)
static inline int64_t silu(const int32_t *tail, int64_t x) {
  int64_t t = magnitude(x);
  return most(x, 0) - (t < TAIL_END ? interpolate(tail, FRACTION - 6, t) : 0);
}
// Products of four 24-bit and four 16-bit integers, as two pairs of 64 bits.
static inline vec product_low(const int32_t *x, const int32_t *w) { return wasm_i64x2_extmul_low_i32x4(wasm_v128_load(x), wasm_v128_load(w)); }
static inline vec product_high(const int32_t *x, const int32_t *w) { return wasm_i64x2_extmul_high_i32x4(wasm_v128_load(x), wasm_v128_load(w)); }

static inline int64_t dot_product(const int32_t *x, const int32_t *w, int32_t count) {
  vec sum = wasm_i64x2_splat(0);
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) sum = wasm_i64x2_add(sum, wasm_i64x2_add(product_low(x + i, w + i), product_high(x + i, w + i)));
  int64_t total = wasm_i64x2_extract_lane(sum, 0) + wasm_i64x2_extract_lane(sum, 1);
  for (; i < count; i++) total += (int64_t)x[i] * w[i];
  return total;
}
