// Kernels of the fixed-point model: the same integers as golden/fixed/*.ts, which say what each computes; tests compare them bit for bit.
// Pointers are byte addresses in the memory that the host gives, which several threads share: no C library, no globals, no stack in memory.
// Rebuild with `npx tsx golden/kernels/build.ts`; a test checks that it was.

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

// The bit length of the largest |weight x| of a tile, which is that of all magnitudes or-ed together.
static inline int32_t tile_bits(const int32_t *x, const int32_t *weight, int32_t tile) {
  vec seen = wasm_i64x2_splat(0);
  int32_t i = 0;
  for (; i + 4 <= tile; i += 4) {
    seen = wasm_v128_or(seen, wasm_i64x2_abs(product_low(x + i, weight + i)));
    seen = wasm_v128_or(seen, wasm_i64x2_abs(product_high(x + i, weight + i)));
  }
  uint64_t all = (uint64_t)(wasm_i64x2_extract_lane(seen, 0) | wasm_i64x2_extract_lane(seen, 1));
  for (; i < tile; i++) all |= (uint64_t)magnitude((int64_t)weight[i] * x[i]);
  return bit_length(all);
}

// projection.ts, quantizeInput. q is laid out in tiles of `padded` columns, of which those past `tile` are 0.
EXPORT(quantize_input)
(const int32_t *x, const int32_t *weight, int32_t cols, int32_t tile, int32_t padded, int32_t floor, int32_t bits, int16_t *q, int32_t *exponents) {
  vec limit = wasm_i16x8_splat((int16_t)((1 << (bits - 1)) - 1));
  for (int32_t t = 0; t < cols / tile; t++, x += tile, weight += tile, q += padded) {
    int32_t e = (int32_t)most(floor, tile_bits(x, weight, tile) - (bits - 1)), i = 0;
    exponents[t] = e;
    vec half = wasm_i64x2_splat(e > 0 ? (int64_t)1 << (e - 1) : 0);
    for (; i + 4 <= tile; i += 4) {
      vec low = wasm_i64x2_shr(wasm_i64x2_add(product_low(x + i, weight + i), half), (uint32_t)e);
      vec high = wasm_i64x2_shr(wasm_i64x2_add(product_high(x + i, weight + i), half), (uint32_t)e);
      vec four = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6);
      vec kept = wasm_i16x8_max(wasm_i16x8_min(wasm_i16x8_narrow_i32x4(four, four), limit), wasm_i16x8_neg(limit));
      wasm_v128_store64_lane(q + i, kept, 0);
    }
    for (; i < tile; i++) q[i] = (int16_t)saturate_symmetric(round_shift((int64_t)weight[i] * x[i], e), bits);
    for (; i < padded; i++) q[i] = 0;
  }
}

// What a group needs besides q: 1/rms, the largest exponent, the bias term.
typedef struct {
  int32_t mantissa, exponent, top, smallest;
  int64_t bias;
} Group;

EXPORT(group_input)
(const int32_t *x, const int32_t *bias, int32_t count, const uint64_t *epsilon, const int32_t *exponents, int32_t tiles, int32_t bias_shift,
 int32_t bias_bits, const int32_t *rsqrt, Group *out, int32_t *clamped) {
  uint64_t m = *epsilon + (uint64_t)dot_product(x, x, count);
  int64_t dot = bias ? dot_product(bias, x, count) : 0;
  int32_t exponent = (bit_length(m) + 1) / 2, cut = 24 - 2 * exponent;
  int64_t f = (int64_t)(cut >= 0 ? m << cut : m >> -cut);
  out->mantissa = (int32_t)interpolate(rsqrt, 15, f - (1 << 22));
  out->exponent = exponent;
  out->top = out->smallest = exponents[0];
  for (int32_t t = 1; t < tiles; t++) {
    out->top = (int32_t)most(out->top, exponents[t]);
    out->smallest = (int32_t)least(out->smallest, exponents[t]);
  }
  out->bias = saturate(round_shift(dot, out->top + bias_shift), bias_bits, clamped);
}

// Sums of +q and -q over four columns for each of 16 sign patterns, as 2^shift high + low + 2^(shift-1): 16 bytes of low parts, 16 of high parts.
EXPORT(sign_tables)(const int16_t *q, int32_t columns, int32_t shift, uint8_t *tables) {
  vec sign0 = wasm_i16x8_make(-1, 1, -1, 1, -1, 1, -1, 1), sign1 = wasm_i16x8_make(-1, -1, 1, 1, -1, -1, 1, 1);
  vec sign2 = wasm_i16x8_make(-1, -1, -1, -1, 1, 1, 1, 1), mask = wasm_i16x8_splat((int16_t)((1 << shift) - 1)), middle = wasm_i16x8_splat((int16_t)(1 << (shift - 1)));
  for (int32_t i = 0; i < columns; i += 4, q += 4, tables += 32) {
    vec three = wasm_i16x8_add(wasm_i16x8_mul(sign0, wasm_v128_load16_splat(q)), wasm_i16x8_mul(sign1, wasm_v128_load16_splat(q + 1)));
    three = wasm_i16x8_add(three, wasm_i16x8_mul(sign2, wasm_v128_load16_splat(q + 2)));
    vec minus = wasm_i16x8_sub(three, wasm_v128_load16_splat(q + 3)), plus = wasm_i16x8_add(three, wasm_v128_load16_splat(q + 3));
    vec low0 = wasm_i16x8_sub(wasm_v128_and(minus, mask), middle), low1 = wasm_i16x8_sub(wasm_v128_and(plus, mask), middle);
    wasm_v128_store(tables, wasm_i8x16_narrow_i16x8(low0, low1));
    wasm_v128_store(tables + 16, wasm_i8x16_narrow_i16x8(wasm_i16x8_shr(minus, (uint32_t)shift), wasm_i16x8_shr(plus, (uint32_t)shift)));
  }
}

// Scratch of the sign product, in words: 32 sums, and 32 sums of 64 bits.
#define TOTALS 32

// How sums of table entries widen: `step` groups of eight columns fit a byte, `chunk` (a multiple) 16 bits.
typedef struct {
  vec pair, again;
  int32_t step, chunk, shift;
} Widths;
static inline Widths widths_of(int32_t step, int32_t chunk, int32_t shift) {
  int32_t once = shift > 6 ? 64 : 1 << shift;
  return (Widths){wasm_i16x8_splat((int16_t)(1 | once << 8)), wasm_i16x8_splat((int16_t)(((1 << shift) - once) << 8)), step, chunk, shift};
}

// Table entries of sixteen rows, summed in bytes. Indices are below 16, so that `relaxed` leaves nothing open.
typedef struct {
  vec low, high;
} Narrow;
static inline Narrow look_up(Narrow sum, vec low, vec high, vec index) {
  return (Narrow){wasm_i8x16_add(sum.low, wasm_i8x16_relaxed_swizzle(low, index)), wasm_i8x16_add(sum.high, wasm_i8x16_relaxed_swizzle(high, index))};
}

// Sums of sixteen rows in 16 bits. The second factors of the dot product have 7 bits, so that it is exact on every machine.
typedef struct {
  vec first, second;
} Wide;
static inline Wide widen(Wide sum, Narrow part, const Widths *w) {
  vec first = wasm_i8x16_shuffle(part.low, part.high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  vec second = wasm_i8x16_shuffle(part.low, part.high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  Wide wide = {wasm_i16x8_add(sum.first, wasm_i16x8_relaxed_dot_i8x16_i7x16(first, w->pair)),
               wasm_i16x8_add(sum.second, wasm_i16x8_relaxed_dot_i8x16_i7x16(second, w->pair))};
  if (w->shift < 7) return wide;
  return (Wide){wasm_i16x8_add(wide.first, wasm_i16x8_relaxed_dot_i8x16_i7x16(first, w->again)),
                wasm_i16x8_add(wide.second, wasm_i16x8_relaxed_dot_i8x16_i7x16(second, w->again))};
}

// Sums over at most a chunk of groups of eight columns for two times sixteen rows, less the constant parts of the tables.
typedef struct {
  Wide first, second;
} Sums;
static inline Sums sum_groups(const uint8_t *packed, const uint8_t *tables, int32_t groups, int32_t step, const Widths *w) {
  vec zero = wasm_i32x4_splat(0), nibble = wasm_i8x16_splat(15);
  Wide a = {zero, zero}, b = a;
  for (int32_t i = 0; i < groups;) {
    int32_t end = groups - i < step ? groups : i + step;
    Narrow c = {zero, zero}, d = c;
    for (; i < end; i++) {
      vec first = wasm_v128_load(packed + 32 * i), second = wasm_v128_load(packed + 32 * i + 16);
      vec low = wasm_v128_load(tables + 64 * i), high = wasm_v128_load(tables + 64 * i + 16);
      c = look_up(c, low, high, wasm_v128_and(first, nibble));
      d = look_up(d, low, high, wasm_v128_and(second, nibble));
      low = wasm_v128_load(tables + 64 * i + 32);
      high = wasm_v128_load(tables + 64 * i + 48);
      c = look_up(c, low, high, wasm_v128_and(wasm_u16x8_shr(first, 4), nibble));
      d = look_up(d, low, high, wasm_v128_and(wasm_u16x8_shr(second, 4), nibble));
    }
    a = widen(a, c, w);
    b = widen(b, d, w);
  }
  return (Sums){a, b};
}

static inline void add_eight(int32_t *out, vec sums) {
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(out), wasm_i32x4_extend_low_i16x8(sums)));
  wasm_v128_store(out + 4, wasm_i32x4_add(wasm_v128_load(out + 4), wasm_i32x4_extend_high_i16x8(sums)));
}

// Any number of groups.
static inline void sign_sums(const uint8_t *packed, const uint8_t *tables, int32_t groups, int32_t step, const Widths *w, int32_t *out) {
  for (int32_t i = 0; i < 8; i++) wasm_v128_store(out + 4 * i, wasm_i32x4_splat(groups << w->shift));
  for (int32_t i = 0; i < groups; i += w->chunk) {
    Sums sums = sum_groups(packed + 32 * i, tables + 64 * i, groups - i < w->chunk ? groups - i : w->chunk, step, w);
    add_eight(out, sums.first.first);
    add_eight(out + 8, sums.first.second);
    add_eight(out + 16, sums.second.first);
    add_eight(out + 24, sums.second.second);
  }
}

// The tile's sums, shifted, into 64 bits.
static inline void add_tile(int64_t *total, const int32_t *sums, int32_t shift) {
  for (int32_t r = 0; r < 32; r += 4) {
    vec four = wasm_v128_load(sums + r), low = wasm_i64x2_extend_low_i32x4(four), high = wasm_i64x2_extend_high_i32x4(four);
    wasm_v128_store(total + r, wasm_i64x2_add(wasm_v128_load(total + r), wasm_i64x2_shl(low, (uint32_t)shift)));
    wasm_v128_store(total + r + 2, wasm_i64x2_add(wasm_v128_load(total + r + 2), wasm_i64x2_shl(high, (uint32_t)shift)));
  }
}

// Eight sums of 16 bits times a power of two into 32 bits.
static inline void add_short(int32_t *out, vec sums, vec constant, vec factor) {
  vec zero = wasm_i32x4_splat(0), exact = wasm_i16x8_add(sums, constant);
  vec low = wasm_i16x8_shuffle(exact, zero, 0, 8, 1, 9, 2, 10, 3, 11), high = wasm_i16x8_shuffle(exact, zero, 4, 12, 5, 13, 6, 14, 7, 15);
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(out), wasm_i32x4_dot_i16x8(low, factor)));
  wasm_v128_store(out + 4, wasm_i32x4_add(wasm_v128_load(out + 4), wasm_i32x4_dot_i16x8(high, factor)));
}

// Tiles of at most a chunk whose sums have 16 bits, and 32 with their shifts: `sums` [32] of a block of rows.
static inline void short_tiles(const uint8_t *packed, const uint8_t *tables, const int32_t *exponents, int32_t tiles, int32_t groups, int32_t step,
                               const Widths *w, int32_t smallest, int32_t *sums) {
  vec constant = wasm_i16x8_splat((int16_t)(groups << w->shift));
  for (int32_t i = 0; i < 8; i++) wasm_v128_store(sums + 4 * i, wasm_i32x4_splat(0));
  for (int32_t t = 0; t < tiles; t++, packed += 32 * groups, tables += 64 * groups) {
    vec factor = wasm_i32x4_splat(1 << (exponents[t] - smallest));
    Sums tile = sum_groups(packed, tables, groups, step, w);
    add_short(sums, tile.first.first, constant, factor);
    add_short(sums + 8, tile.first.second, constant, factor);
    add_short(sums + 16, tile.second.first, constant, factor);
    add_short(sums + 24, tile.second.second, constant, factor);
  }
}

// planes.ts and matmul.ts for signs: packed[block of 32 rows][group of 8 columns][row], tiles of `bytes` groups, `stride` bytes per block.
// `largest` is that of |q|: with it a tile's sum and all tiles' shifted sums may be known to fit 16 and 32 bits.
EXPORT(product_signs)
(const uint8_t *packed, int32_t rows, int32_t stride, const uint8_t *tables, const int32_t *exponents, int32_t tiles, int32_t bytes, int32_t step,
 int32_t chunk, int32_t shift, int32_t largest, const Group *group, int32_t fraction, int32_t *scratch, int64_t *y) {
  int64_t *total = (int64_t *)(scratch + TOTALS);
  int32_t smallest = group->smallest, down = group->top - fraction - smallest, spread = group->top - smallest;
  int64_t tile = (int64_t)largest * 8 * bytes;
  int32_t brief = tiles > 1 && bytes <= chunk && tile <= INT16_MAX && spread < 15 && tile * tiles << spread <= INT32_MAX;
  Widths w = widths_of(step, chunk, shift), usual = widths_of(4, chunk, 5);
  for (int32_t first = 0; first < rows; first += 32, packed += stride) {
    int32_t count = rows - first < 32 ? rows - first : 32;
    if (brief) {
      if (step == 4 && shift == 5 && bytes == 8) short_tiles(packed, tables, exponents, tiles, 8, 4, &usual, smallest, scratch);
      else short_tiles(packed, tables, exponents, tiles, bytes, step, &w, smallest, scratch);
      for (int32_t r = 0; r < count; r++) y[first + r] = round_shift(scratch[r], down);
      continue;
    }
    for (int32_t r = 0; r < 32; r++) total[r] = 0;
    for (int32_t t = 0; t < tiles; t++) {
      const uint8_t *signs = packed + 32 * bytes * t, *table = tables + 64 * bytes * t;
      if (step == 4 && shift == 5 && bytes % 4 == 0) sign_sums(signs, table, bytes, 4, &usual, scratch);
      else sign_sums(signs, table, bytes, step, &w, scratch);
      add_tile(total, scratch, exponents[t] - smallest);
    }
    for (int32_t r = 0; r < count; r++) y[first + r] = round_shift(total[r], down);
  }
}

// Horizontal sums of four vectors.
static inline vec transpose_add(vec a, vec b, vec c, vec d) {
  vec ab = wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 2, 6), wasm_i32x4_shuffle(a, b, 1, 5, 3, 7));
  vec cd = wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 2, 6), wasm_i32x4_shuffle(c, d, 1, 5, 3, 7));
  return wasm_i32x4_add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
}

// The same for weights of up to eight bits, [rows, stride] bytes in tiles of `padded`, a multiple of 8. Four rows at a time, a quarter of all
// rows apart: what each reads lies one after another, which the processor fetches ahead. Rows beyond the last repeat it.
EXPORT(product_bytes)
(const int8_t *weights, int32_t rows, int32_t stride, const int16_t *q, const int32_t *exponents, int32_t tiles, int32_t padded, const Group *group,
 int32_t fraction, int64_t *y) {
  int32_t quarter = (rows + 3) / 4, last = rows - 1;
  for (int32_t o = 0; o < quarter; o++) {
    int32_t o1 = (int32_t)least(o + quarter, last), o2 = (int32_t)least(o + 2 * quarter, last), o3 = (int32_t)least(o + 3 * quarter, last);
    const int8_t *w0 = weights + o * stride, *w1 = weights + o1 * stride, *w2 = weights + o2 * stride, *w3 = weights + o3 * stride;
    vec low = wasm_i64x2_splat(0), high = low;
    for (int32_t t = 0; t < tiles; t++) {
      vec a = wasm_i32x4_splat(0), b = a, c = a, d = a;
      for (int32_t i = t * padded; i < (t + 1) * padded; i += 8) {
        vec x = wasm_v128_load(q + i);
        a = wasm_i32x4_add(a, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w0 + i), x));
        b = wasm_i32x4_add(b, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w1 + i), x));
        c = wasm_i32x4_add(c, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w2 + i), x));
        d = wasm_i32x4_add(d, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w3 + i), x));
      }
      vec sums = transpose_add(a, b, c, d);
      uint32_t shift = (uint32_t)(exponents[t] - group->smallest);
      low = wasm_i64x2_add(low, wasm_i64x2_shl(wasm_i64x2_extend_low_i32x4(sums), shift));
      high = wasm_i64x2_add(high, wasm_i64x2_shl(wasm_i64x2_extend_high_i32x4(sums), shift));
    }
    int32_t down = group->top - fraction - group->smallest;
    y[o] = round_shift(wasm_i64x2_extract_lane(low, 0), down);
    y[o1] = round_shift(wasm_i64x2_extract_lane(low, 1), down);
    y[o2] = round_shift(wasm_i64x2_extract_lane(high, 0), down);
    y[o3] = round_shift(wasm_i64x2_extract_lane(high, 1), down);
  }
}

// projection.ts, the end of groupProduct: row scales and the bias term.
EXPORT(add_bias)(int64_t *y, int32_t rows, const int32_t *scale, const int32_t *factor, int32_t shift, const Group *group) {
  for (int32_t o = 0; o < rows; o++) {
    y[o] = scale ? round_shift(scale[o] * y[o] + (factor ? factor[o] * group->bias : 0), shift) : y[o] + group->bias;
  }
}

// projection.ts, multiply: output o, the sum over the groups of y / rms; `shift` is unit + RSQRT_FRACTION - (the group's unit - top).
// The usual case, one group and a shift to the right, costs one product.
typedef struct {
  const int64_t *y;
  const Group *group;
  int64_t mantissa, half;
  int32_t rows, groups, shift, right;
} Outputs;
static inline Outputs outputs_of(const int64_t *y, int32_t rows, int32_t groups, const Group *group, int32_t shift) {
  int32_t right = shift + group->exponent - group->top;
  if (groups > 1 || right < 1 || right > 62) right = 0;
  return (Outputs){y, group, group->mantissa, right > 0 ? (int64_t)1 << (right - 1) : 0, rows, groups, shift, right};
}
static inline int64_t output_of(const Outputs *f, int32_t o) {
  if (f->right > 0) return (f->y[o] * f->mantissa + f->half) >> f->right;
  int64_t sum = 0;
  for (int32_t g = 0; g < f->groups; g++)
    sum += round_shift(f->y[g * f->rows + o] * f->group[g].mantissa, f->shift + f->group[g].exponent - f->group[g].top);
  return sum;
}

EXPORT(outputs)
(const int64_t *y, int32_t rows, int32_t groups, const Group *group, int32_t shift, int32_t from, int32_t count, int32_t bits, int32_t *out,
 int32_t *clamped) {
  Outputs f = outputs_of(y, rows, groups, group, shift);
  for (int32_t i = 0; i < count; i++) out[i] = (int32_t)saturate(output_of(&f, from + i), bits, clamped);
}

EXPORT(add_residual)
(const int64_t *y, int32_t rows, int32_t groups, const Group *group, int32_t shift, int32_t from, int32_t count, int32_t bits, int32_t *residual,
 int32_t *clamped) {
  Outputs f = outputs_of(y, rows, groups, group, shift);
  for (int32_t i = from; i < from + count; i++) residual[i] = (int32_t)saturate(residual[i] + output_of(&f, i), bits, clamped);
}

// Four 64-bit floats, exact for whole numbers below 2^53.
typedef struct {
  vec low, high;
} Quad;
static inline Quad quad(vec four) {
  return (Quad){wasm_f64x2_convert_low_i32x4(four), wasm_f64x2_convert_low_i32x4(wasm_i64x2_shuffle(four, four, 1, 1))};
}
static inline Quad add_product(Quad sum, Quad a, Quad b) {
  return (Quad){wasm_f64x2_add(sum.low, wasm_f64x2_mul(a.low, b.low)), wasm_f64x2_add(sum.high, wasm_f64x2_mul(a.high, b.high))};
}
// arithmetic.ts, roundShift as it stands there, `scale` = 2^-n; saturated to 32 bits.
static inline vec round_quad(Quad x, vec scale) {
  vec half = wasm_f64x2_splat(0.5);
  vec low = wasm_f64x2_floor(wasm_f64x2_add(wasm_f64x2_mul(x.low, scale), half));
  vec high = wasm_f64x2_floor(wasm_f64x2_add(wasm_f64x2_mul(x.high, scale), half));
  return wasm_i64x2_shuffle(wasm_i32x4_trunc_sat_f64x2_zero(low), wasm_i32x4_trunc_sat_f64x2_zero(high), 0, 2);
}

// A layer's convolution; the host fills it. weight, history: [taps, channels], [taps - 1, channels], the oldest first.
typedef struct {
  const int32_t *input, *weight, *bias;
  int32_t *history, *out;
  int32_t channels, taps, shift, bits;
} Convolution;

// convolution.ts, before saturation: channels c to c + 3, and their history moved on.
static inline vec convolve_four(const Convolution *f, int32_t c, vec scale) {
  int32_t channels = f->channels, k = f->taps - 1;
  vec next = wasm_v128_load(f->input + c);
  Quad sum = add_product(quad(wasm_v128_load(f->bias + c)), quad(wasm_v128_load(f->weight + k * channels + c)), quad(next));
  while (k-- > 0) {
    int32_t *at = f->history + k * channels + c;
    vec old = wasm_v128_load(at);
    sum = add_product(sum, quad(wasm_v128_load(f->weight + k * channels + c)), quad(old));
    wasm_v128_store(at, next);
    next = old;
  }
  return round_quad(sum, scale);
}
static inline int64_t convolve_one(const Convolution *f, int32_t c) {
  int32_t channels = f->channels, k = f->taps - 1, next = f->input[c];
  int64_t sum = f->bias[c] + (int64_t)f->weight[k * channels + c] * next;
  while (k-- > 0) {
    int32_t *at = f->history + k * channels + c, old = *at;
    sum += (int64_t)f->weight[k * channels + c] * old;
    *at = next;
    next = old;
  }
  return round_shift(sum, f->shift);
}

// Channels from ... from + count - 1, saturated; `scale` is 2^-shift.
EXPORT(convolve)(const Convolution *f, int32_t from, int32_t count, double scale, int32_t *clamped) {
  vec scales = wasm_f64x2_splat(scale), most = wasm_i32x4_splat((1 << (f->bits - 1)) - 1), least = wasm_v128_not(most), lost = wasm_i32x4_splat(0);
  int32_t c = from, end = from + count;
  for (; c + 4 <= end; c += 4) {
    vec wide = convolve_four(f, c, scales), kept = wasm_i32x4_max(least, wasm_i32x4_min(most, wide));
    lost = wasm_i32x4_sub(lost, wasm_i32x4_ne(wide, kept));
    wasm_v128_store(f->out + c, kept);
  }
  *clamped += wasm_i32x4_extract_lane(lost, 0) + wasm_i32x4_extract_lane(lost, 1) + wasm_i32x4_extract_lane(lost, 2) + wasm_i32x4_extract_lane(lost, 3);
  for (; c < end; c++) f->out[c] = (int32_t)saturate(convolve_one(f, c), f->bits, clamped);
}

// forward.ts, silu: from a unit `up` bits above the function's to one `down` bits above it.
EXPORT(activate)
(const int32_t *in, int32_t count, const int32_t *tail, int32_t up, int32_t down, int32_t bits, int32_t *out, int32_t *clamped) {
  for (int32_t i = 0; i < count; i++) out[i] = (int32_t)saturate(round_shift(silu(tail, (int64_t)in[i] << up), down), bits, clamped);
}

// 16-bit integers out of 32-bit ones.
EXPORT(to_16)(const int32_t *in, int32_t count, int16_t *out) {
  for (int32_t i = 0; i < count; i++) out[i] = (int16_t)in[i];
}

// forward.ts, discretize.
EXPORT(discretize)
(const int32_t *raw, const int32_t *bias, const int32_t *rate, int32_t heads, const int32_t *softplus, const int32_t *exp2, int32_t up,
 int32_t dt_shift, int32_t dt_bits, int32_t rate_shift, int32_t *dt, int32_t *decay, int32_t *clamped) {
  for (int32_t h = 0; h < heads; h++) {
    int64_t x = ((int64_t)raw[h] << up) + bias[h], t = magnitude(x);
    int64_t wide = (most(x, 0) << 4) + (t < TAIL_END ? interpolate(softplus, FRACTION - 6, t) : 0);
    wide = round_shift(wide, dt_shift);
    dt[h] = (int32_t)least(wide, ((int64_t)1 << dt_bits) - 1);
    if (dt[h] != wide) ++*clamped;
    int64_t e = round_shift((int64_t)dt[h] * rate[h], rate_shift), whole = e >> FRACTION;
    decay[h] = whole > 31 ? 0 : (int32_t)round_shift(interpolate(exp2, FRACTION - 8, e - (whole << FRACTION)), 4 + (int32_t)whole);
  }
}

// y silu(z), rounded and saturated to +-(2^(bits-1) - 1).
EXPORT(gate)
(const int32_t *y, const int32_t *gate, int32_t count, int32_t shift, int32_t bits, int32_t *out, int32_t *clamped) {
  for (int32_t i = 0; i < count; i++) {
    int64_t wide = round_shift((int64_t)y[i] * gate[i], shift), kept = saturate_symmetric(wide, bits);
    if (kept != wide) ++*clamped;
    out[i] = (int32_t)kept;
  }
}

// noise.ts
static inline uint32_t mix(uint32_t h, uint32_t word) {
  uint32_t x = h + word;
  x += x << 10;
  x ^= x >> 6;
  x += x << 3;
  x ^= x >> 11;
  return x + (x << 15);
}
// Four words of a row's noise: mix(key, word STRIDE) from the product of its first step, which goes on by a constant from words to words.
#define STRIDE 0x9e3779b9u
#define FIRST_STEP 1025u
static inline vec first_words(uint32_t key) {
  vec places = wasm_u32x4_make(0, STRIDE * FIRST_STEP, 2 * STRIDE * FIRST_STEP, 3 * STRIDE * FIRST_STEP);
  return wasm_i32x4_add(wasm_u32x4_splat(key * FIRST_STEP), places);
}
static inline vec next_words(vec words) { return wasm_i32x4_add(words, wasm_u32x4_splat(4 * STRIDE * FIRST_STEP)); }
static inline vec noise_of(vec words) {
  vec x = wasm_v128_xor(words, wasm_u32x4_shr(words, 6));
  x = wasm_i32x4_mul(x, wasm_i32x4_splat(9));
  x = wasm_v128_xor(x, wasm_u32x4_shr(x, 11));
  return wasm_i32x4_mul(x, wasm_i32x4_splat(32769));
}

// The parts of a scan that every row shares; the host fills it.
typedef struct {
  int32_t heads, head_dim, d_state, padded, groups;
  int32_t decay_fraction, direct_fraction, output_bits, state_bits, work_bits, step_bits, nearest;
  const int32_t *decay, *dt, *direct, *step_shift, *output_shift; // per head
  const int32_t *x, *b, *c;                                       // b, c: [groups, padded], 0 beyond d_state
  const int16_t *b16, *c16;                                       // b and c, narrow
  int32_t *y, *next;                                              // next: [padded]
  int32_t *clamped_step, *clamped_state, *clamped_output;
} Scan;

static inline int32_t finish_row(const Scan *s, int32_t h, int64_t sum, int32_t x) {
  int64_t total = round_shift(sum, s->output_shift[h]) + round_shift((int64_t)s->direct[h] * x, s->direct_fraction);
  return (int32_t)saturate(total, s->output_bits, s->clamped_output);
}

static inline vec spread(vec x, vec half, int32_t shift) { return wasm_i32x4_shr(wasm_i32x4_add(x, half), (uint32_t)shift); }
static inline int32_t half_of(int32_t shift) { return shift > 0 ? 1 << (shift - 1) : 0; }

// One row of scan-rows.ts until S', element by element: for rows in which S' saturates. Returns the sum of C S'; the largest |S'| in `largest`.
static inline int64_t clamped_row(const Scan *s, const int8_t *q, const int32_t *b, const int32_t *c, int32_t decay, int32_t mantissa, int32_t keep,
                                  int32_t bring, int32_t *largest) {
  int64_t sum = 0;
  *largest = 0;
  for (int32_t n = 0; n < s->d_state; n++) {
    int64_t wide = round_shift((int64_t)decay * q[n], keep) + round_shift((int64_t)mantissa * b[n], bring);
    int64_t kept = saturate_symmetric(wide, s->work_bits);
    if (kept != wide) ++*s->clamped_state;
    s->next[n] = (int32_t)kept;
    *largest = (int32_t)most(*largest, magnitude(kept));
    sum += c[n] * kept;
  }
  return sum;
}

// floor((S' + r 2^(e-8)) / 2^e) = floor((floor(S' 2^(8-e)) + r) / 2^8): sixteen elements to bytes. |S'| < 2^(e + 7), so that the inner
// part has 16 bits: the upper half of S' 2^(24-e), because shifts by a variable are costly. What saturates is clamped after all.
static inline vec upper_halves(vec a, vec b, vec scale) {
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(wasm_i32x4_mul(a, scale), 16), wasm_i32x4_shr(wasm_i32x4_mul(b, scale), 16));
}
static inline void round_16(const int32_t *s, vec noise, vec scale, vec limit, int8_t *q) {
  vec low = upper_halves(wasm_v128_load(s), wasm_v128_load(s + 4), scale), high = upper_halves(wasm_v128_load(s + 8), wasm_v128_load(s + 12), scale);
  low = wasm_i16x8_shr(wasm_i16x8_add_sat(low, wasm_u16x8_extend_low_u8x16(noise)), 8);
  high = wasm_i16x8_shr(wasm_i16x8_add_sat(high, wasm_u16x8_extend_high_u8x16(noise)), 8);
  vec all = wasm_i8x16_narrow_i16x8(low, high);
  wasm_v128_store(q, wasm_i8x16_max(wasm_i8x16_min(all, limit), wasm_i8x16_neg(limit)));
}

// C S' of eight elements, S' in 12 low bits and the rest, each in 32 bits: 64 elements fit.
typedef struct {
  vec low, high;
} Dot;
static inline Dot dot_8(Dot sum, const int16_t *c, vec v0, vec v1) {
  vec mask = wasm_i32x4_splat(4095), eight = wasm_v128_load(c);
  vec low = wasm_i16x8_narrow_i32x4(wasm_v128_and(v0, mask), wasm_v128_and(v1, mask));
  vec high = wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(v0, 12), wasm_i32x4_shr(v1, 12));
  return (Dot){wasm_i32x4_add(sum.low, wasm_i32x4_dot_i16x8(low, eight)), wasm_i32x4_add(sum.high, wasm_i32x4_dot_i16x8(high, eight))};
}
static inline int64_t sum_of(vec four) {
  vec two = wasm_i64x2_add(wasm_i64x2_extend_low_i32x4(four), wasm_i64x2_extend_high_i32x4(four));
  return wasm_i64x2_extract_lane(two, 0) + wasm_i64x2_extract_lane(two, 1);
}

static inline int32_t largest_of(vec four) {
  vec two = wasm_i32x4_max(four, wasm_i32x4_shuffle(four, four, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(wasm_i32x4_max(two, wasm_i32x4_shuffle(two, two, 1, 0, 3, 2)), 0);
}

// What a row shares: S' = round(decay q / 2^(16 - e)) + round(t' B / 2^bring).
typedef struct {
  vec decay, drive, bring_half;
  int32_t bring;
} Row;

// S' of a row into `next`; returns the sum of C S', the largest |S'| in `largest`. Where the row's exponent e is at most 8, `decay` is
// decay 2^e and `down` is 16, else decay 2^(e-8) and 8: the shift is then a constant, and half a unit 2^(down-1).
static inline int64_t advance(Row row, const int8_t *q, const int32_t *b, const int16_t *c, int32_t padded, int32_t down, int32_t *next, vec *largest) {
  vec zero = wasm_i32x4_splat(0), half = wasm_i32x4_splat(1 << (down - 1)), biggest = zero;
  int64_t sum = 0;
  for (int32_t n = 0; n < padded;) {
    Dot dot = {zero, zero};
    int32_t end = padded - n < 64 ? padded : n + 64;
    for (; n < end; n += 8) {
      vec old = wasm_i16x8_load8x8(q + n);
      vec k0 = wasm_i32x4_add(wasm_i32x4_mul(wasm_i32x4_extend_low_i16x8(old), row.decay), half);
      vec k1 = wasm_i32x4_add(wasm_i32x4_mul(wasm_i32x4_extend_high_i16x8(old), row.decay), half);
      vec a0 = spread(wasm_i32x4_dot_i16x8(wasm_v128_load(b + n), row.drive), row.bring_half, row.bring);
      vec a1 = spread(wasm_i32x4_dot_i16x8(wasm_v128_load(b + n + 4), row.drive), row.bring_half, row.bring);
      vec v0 = wasm_i32x4_add(wasm_i32x4_shr(k0, (uint32_t)down), a0), v1 = wasm_i32x4_add(wasm_i32x4_shr(k1, (uint32_t)down), a1);
      wasm_v128_store(next + n, v0);
      wasm_v128_store(next + n + 4, v1);
      biggest = wasm_i32x4_max(biggest, wasm_i32x4_max(wasm_i32x4_abs(v0), wasm_i32x4_abs(v1)));
      dot = dot_8(dot, c + n, v0, v1);
    }
    sum += sum_of(dot.low) + (sum_of(dot.high) << 12);
  }
  *largest = biggest;
  return sum;
}

// What the rows of a head share. A row is narrow, its S' known beforehand to have 16 bits and the sums of C S' 32, where
//     127 2^e + (`drive` >> bring) + 2 <= `limit`, e >= `finest`, 16 - bring <= `room`; then, with u = q 2^(e-1) and B' = B 2^(16 - bring),
//     round(decay q 2^e / 2^16) = (q 2^e where decay >= 1/2) + round(part u / 2^15)
//     round(t' B / 2^bring) = round(floor(t' B' / 2^15) / 2^(bring - 15))
typedef struct {
  const int32_t *b, *c;
  const int16_t *b16, *c16;
  int32_t index, decay, part, drive, limit, finest, room;
} Head;

static Head head_of(const Scan *s, int32_t h) {
  int32_t at = h * s->groups / s->heads * s->padded, decay = s->decay[h], part = decay < 32768 ? decay : decay - 65536;
  Head head = {s->b + at, s->c + at, s->b16 + at, s->c16 + at, h, decay, part, 0, -1, part & 1, 0};
  if (s->state_bits != 8 || s->decay_fraction != 16 || part < -INT16_MAX) return head;
  vec most_b = wasm_i16x8_splat(0), sum_c = most_b;
  for (int32_t n = 0; n < s->padded; n += 8) {
    most_b = wasm_u16x8_max(most_b, wasm_i16x8_abs(wasm_v128_load(head.b16 + n)));
    sum_c = wasm_i32x4_add(sum_c, wasm_u32x4_extadd_pairwise_u16x8(wasm_i16x8_abs(wasm_v128_load(head.c16 + n))));
  }
  int32_t largest = largest_of(wasm_u32x4_max(wasm_u32x4_extend_low_u16x8(most_b), wasm_u32x4_extend_high_u16x8(most_b)));
  head.drive = INT16_MAX * largest;
  head.limit = (int32_t)least(INT16_MAX, INT32_MAX / most(1, largest_of(sum_c)));
  head.room = 15 - bit_length((uint32_t)largest);
  return head;
}

// A row's dt x, as mantissa and the shift to S'.
typedef struct {
  int32_t mantissa, bring;
} Drive;
static inline Drive drive_of(const Scan *s, int32_t h, int32_t x) {
  int64_t step = (int64_t)s->dt[h] * x;
  int32_t k = (int32_t)most(0, bit_length((uint64_t)magnitude(step)) - (s->step_bits - 1));
  return (Drive){(int32_t)saturate_symmetric(round_shift(step, k), s->step_bits), (int32_t)least(31, s->step_shift[h] - k)};
}

static inline int32_t is_narrow(const Head *head, Drive drive, int32_t old) {
  return (127 << old) + (head->drive >> drive.bring) + 2 <= head->limit && old >= head->finest && 16 - drive.bring <= head->room;
}

// What a narrow row's elements share; `b` is B'.
typedef struct {
  vec unit, part, whole, mantissa, down;
  const int16_t *b;
} NarrowRow;
static inline NarrowRow narrow_row(const Head *head, Drive drive, int32_t old, int32_t padded, int16_t *scaled) {
  int32_t up = drive.bring < 16 ? 16 - drive.bring : 0;
  for (int32_t n = 0; up > 0 && n < padded; n += 8) wasm_v128_store(scaled + n, wasm_i16x8_shl(wasm_v128_load(head->b16 + n), (uint32_t)up));
  return (NarrowRow){wasm_i16x8_splat((int16_t)(1 << (old > 0 ? old - 1 : 0))),
                     wasm_i16x8_splat((int16_t)(old > 0 ? head->part : head->part / 2)),
                     wasm_i16x8_splat((int16_t)(head->decay < 32768 ? 0 : 1 << old)),
                     wasm_i16x8_splat((int16_t)drive.mantissa),
                     wasm_i16x8_splat((int16_t)(32768 >> (drive.bring + up - 15))),
                     up > 0 ? scaled : head->b16};
}

static inline vec narrow_step(const NarrowRow *row, vec q, vec b) {
  vec kept = wasm_i16x8_relaxed_q15mulr(wasm_i16x8_mul(q, row->unit), row->part);
  kept = wasm_i16x8_add(wasm_i16x8_mul(q, row->whole), kept);
  vec rounded = wasm_i16x8_relaxed_q15mulr(row->mantissa, b), up = wasm_i16x8_shr(wasm_i16x8_shl(wasm_i16x8_mul(row->mantissa, b), 1), 15);
  return wasm_i16x8_add(kept, wasm_i16x8_relaxed_q15mulr(wasm_i16x8_add(rounded, up), row->down));
}

// As `advance`; of the largest |S'| only the bit length.
static inline int64_t narrow_advance(const NarrowRow *row, const int8_t *q, const int16_t *c, int32_t padded, int16_t *next, int32_t *bits) {
  vec sum = wasm_i32x4_splat(0), seen = sum;
  const int16_t *b = row->b;
  for (int32_t n = 0; n < padded; n += 8) {
    vec v = narrow_step(row, wasm_i16x8_load8x8(q + n), wasm_v128_load(b + n));
    wasm_v128_store(next + n, v);
    seen = wasm_v128_or(seen, wasm_i16x8_abs(v));
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(v, wasm_v128_load(c + n)));
  }
  uint64_t all = (uint64_t)(wasm_i64x2_extract_lane(seen, 0) | wasm_i64x2_extract_lane(seen, 1));
  all |= all >> 32;
  *bits = bit_length((all | all >> 16) & 0xffff);
  return sum_of(sum);
}

static inline vec with_noise(const int16_t *s, vec scale, vec noise) {
  return wasm_i16x8_shr(wasm_i16x8_add_sat(wasm_i16x8_mul(wasm_v128_load(s), scale), noise), 8);
}
static inline void narrow_round(const int16_t *next, int32_t padded, int32_t e, uint32_t key, int32_t nearest, int8_t *q) {
  vec scale = wasm_i16x8_splat((int16_t)(1 << (8 - e))), least = wasm_i8x16_splat(-127), words = first_words(key);
  for (int32_t n = 0; n < padded; n += 16) {
    vec noise = nearest ? wasm_i8x16_splat((int8_t)128) : noise_of(words);
    vec low = with_noise(next + n, scale, wasm_u16x8_extend_low_u8x16(noise)), high = with_noise(next + n + 8, scale, wasm_u16x8_extend_high_u8x16(noise));
    wasm_v128_store(q + n, wasm_i8x16_max(wasm_i8x16_narrow_i16x8(low, high), least));
    words = next_words(words);
  }
}

// A row that is not narrow.
static void wide_row(const Scan *s, const Head *head, Drive drive, int32_t row, uint32_t key, int8_t *q, uint8_t *exponent) {
  int32_t padded = s->padded, old = *exponent, limit = (1 << (s->work_bits - 1)) - 1, bring = drive.bring, *next = s->next;
  vec decay = wasm_i32x4_splat(head->decay << (old > 8 ? old - 8 : old)), biggest;
  Row shared = {decay, wasm_i32x4_splat(drive.mantissa & 0xffff), wasm_i32x4_splat(half_of(bring)), bring};
  int64_t sum = old > 8 ? advance(shared, q, head->b, head->c16, padded, 8, next, &biggest) : advance(shared, q, head->b, head->c16, padded, 16, next, &biggest);
  int32_t largest = largest_of(biggest);
  if (largest > limit) sum = clamped_row(s, q, head->b, head->c, head->decay, drive.mantissa, s->decay_fraction - old, bring, &largest);
  s->y[row] = finish_row(s, head->index, sum, s->x[row]);
  int32_t e = (int32_t)most(0, bit_length((uint32_t)largest) - (s->state_bits - 1));
  *exponent = (uint8_t)e;
  vec words = first_words(key), scale = wasm_i32x4_splat(1 << (24 - e)), narrow = wasm_i8x16_splat((int8_t)((1 << (s->state_bits - 1)) - 1));
  for (int32_t n = 0; n < padded; n += 16) {
    vec noise = s->nearest ? wasm_i8x16_splat((int8_t)128) : noise_of(words);
    round_16(next + n, noise, scale, narrow, q + n);
    words = next_words(words);
  }
}

// scan-rows.ts; rows from ... from + count - 1; state_bits <= 8, q [rows, padded] with padded a multiple of 16. dt x (16 bits) goes with a
// zero against the two halves of B, so that dot_i16x8 is a product.
EXPORT(scan_rows)(const Scan *s, int8_t *states, uint8_t *exponents, const uint32_t *key, int32_t from, int32_t count) {
  int32_t padded = s->padded, row = from, end = from + count;
  int16_t *next = (int16_t *)s->next;
  while (row < end) {
    Head head = head_of(s, row / s->head_dim);
    for (int32_t last = (int32_t)least(end, (head.index + 1) * s->head_dim); row < last; row++) {
      int8_t *q = states + row * padded;
      uint32_t noise = mix(*key, (uint32_t)row);
      Drive drive = drive_of(s, head.index, s->x[row]);
      if (!is_narrow(&head, drive, exponents[row])) {
        wide_row(s, &head, drive, row, noise, q, exponents + row);
        continue;
      }
      NarrowRow narrow = narrow_row(&head, drive, exponents[row], padded, next + padded);
      int32_t bits;
      s->y[row] = finish_row(s, head.index, narrow_advance(&narrow, q, head.c16, padded, next, &bits), s->x[row]);
      exponents[row] = (uint8_t)most(0, bits - 7);
      narrow_round(next, padded, exponents[row], noise, s->nearest, q);
    }
  }
}

// scan.ts; state [rows, padded] of up to 16 bits.
EXPORT(scan_heads)(const Scan *s, int16_t *states, int32_t from, int32_t count) {
  int64_t limit = (int64_t)1 << (s->state_bits - 1), half = ((int64_t)1 << s->decay_fraction) >> 1;
  int32_t lost = 0;
  for (int32_t row = from; row < from + count; row++) {
    int16_t *state = states + row * s->padded;
    int32_t h = row / s->head_dim, x = s->x[row];
    const int32_t *b = s->b + h * s->groups / s->heads * s->padded, *c = s->c + h * s->groups / s->heads * s->padded;
    int64_t step = saturate(round_shift((int64_t)s->dt[h] * x, s->step_shift[h]), s->step_bits, s->clamped_step);
    int64_t sum = 0, decay = s->decay[h];
    for (int32_t n = 0; n < s->d_state; n++) {
      int64_t wide = (decay * state[n] + step * b[n] + half) >> s->decay_fraction, kept = most(-limit, least(limit - 1, wide));
      lost += kept != wide;
      state[n] = (int16_t)kept;
      sum += c[n] * kept;
    }
    s->y[row] = finish_row(s, h, sum, x);
  }
  *s->clamped_state += lost;
}

// Reads `bytes` bytes, a multiple of 64, and adds them up: what the memory gives, for comparison (bench/golden.ts).
EXPORT(stream)(const uint8_t *from, int32_t bytes, int64_t *sum) {
  vec a = wasm_i64x2_splat(0), b = a, c = a, d = a;
  for (int32_t i = 0; i < bytes; i += 64) {
    a = wasm_i64x2_add(a, wasm_v128_load(from + i));
    b = wasm_i64x2_add(b, wasm_v128_load(from + i + 16));
    c = wasm_i64x2_add(c, wasm_v128_load(from + i + 32));
    d = wasm_i64x2_add(d, wasm_v128_load(from + i + 48));
  }
  a = wasm_i64x2_add(wasm_i64x2_add(a, b), wasm_i64x2_add(c, d));
  *sum = wasm_i64x2_extract_lane(a, 0) + wasm_i64x2_extract_lane(a, 1);
}
