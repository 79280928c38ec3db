// Kernels of the fixed-point model: the same integers as golden/fixed/*.ts, which say what each computes; tests compare them bit for bit.
// Pointers are byte addresses in the memory that the host gives. No C library, no globals, no stack in memory.
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

// projection.ts, quantizeInput. q is laid out in tiles of `padded` columns, of which those past `tile` stay 0.
EXPORT(quantize_input)
(const int32_t *x, const int32_t *weight, int32_t cols, int32_t tile, int32_t padded, int32_t floor, int32_t bits, int16_t *q, int32_t *exponents) {
  for (int32_t t = 0; t < cols / tile; t++, x += tile, weight += tile, q += padded) {
    int64_t largest = 0;
    for (int32_t i = 0; i < tile; i++) largest = most(largest, magnitude((int64_t)weight[i] * x[i]));
    int32_t e = (int32_t)most(floor, bit_length((uint64_t)largest) - (bits - 1));
    exponents[t] = e;
    for (int32_t i = 0; i < tile; i++) q[i] = (int16_t)saturate_symmetric(round_shift((int64_t)weight[i] * x[i], e), bits);
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
  uint64_t m = *epsilon;
  int64_t dot = 0;
  for (int32_t i = 0; i < count; i++) m += (uint64_t)((int64_t)x[i] * x[i]);
  for (int32_t i = 0; bias && i < count; i++) dot += (int64_t)bias[i] * x[i];
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

// Sums of +q and -q over four columns for each of 16 sign patterns, low bytes and high bytes apart: 32 bytes per four columns.
EXPORT(sign_tables)(const int16_t *q, int32_t columns, uint8_t *tables) {
  for (int32_t i = 0; i < columns; i += 4, q += 4, tables += 32) {
    vec a = wasm_i16x8_splat((int16_t)-(q[2] + q[3])), b = wasm_i16x8_splat((int16_t)(q[2] - q[3]));
    vec c = wasm_i16x8_splat((int16_t)(q[3] - q[2])), d = wasm_i16x8_splat((int16_t)(q[2] + q[3]));
    int16_t s = (int16_t)(q[0] + q[1]), t = (int16_t)(q[0] - q[1]);
    vec low = wasm_i16x8_make((int16_t)-s, t, (int16_t)-t, s, (int16_t)-s, t, (int16_t)-t, s);
    vec first = wasm_i16x8_add(low, wasm_i64x2_shuffle(a, b, 0, 2)), second = wasm_i16x8_add(low, wasm_i64x2_shuffle(c, d, 0, 2));
    wasm_v128_store(tables, wasm_i8x16_shuffle(first, second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    wasm_v128_store(tables + 16, wasm_i8x16_shuffle(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
  }
}

static inline void widen(vec acc[4], vec low, vec high) {
  acc[0] = wasm_i32x4_add(acc[0], wasm_i32x4_extend_low_i16x8(low));
  acc[1] = wasm_i32x4_add(acc[1], wasm_i32x4_extend_high_i16x8(low));
  acc[2] = wasm_i32x4_add(acc[2], wasm_i32x4_extend_low_i16x8(high));
  acc[3] = wasm_i32x4_add(acc[3], wasm_i32x4_extend_high_i16x8(high));
}

static inline void look_up(const uint8_t *table, vec index, vec *low, vec *high) {
  vec l = wasm_i8x16_swizzle(wasm_v128_load(table), index), h = wasm_i8x16_swizzle(wasm_v128_load(table + 16), index);
  *low = wasm_i16x8_add(*low, wasm_i8x16_shuffle(l, h, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  *high = wasm_i16x8_add(*high, wasm_i8x16_shuffle(l, h, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

// Sums of `bytes` groups of eight columns for sixteen rows. Sixteen-bit sums are widened after every `safe` groups.
static inline void sign_sums(const uint8_t *packed, const uint8_t *tables, int32_t bytes, int32_t safe, int32_t *out) {
  vec zero = wasm_i32x4_splat(0), acc[4] = {zero, zero, zero, zero};
  for (int32_t first = 0; first < bytes; first += safe) {
    int32_t end = first + safe < bytes ? first + safe : bytes;
    vec low = zero, high = zero;
    for (int32_t i = first; i < end; i++) {
      vec bits = wasm_v128_load(packed + 16 * i);
      look_up(tables + 64 * i, wasm_v128_and(bits, wasm_i8x16_splat(15)), &low, &high);
      look_up(tables + 64 * i + 32, wasm_u8x16_shr(bits, 4), &low, &high);
    }
    widen(acc, low, high);
  }
  for (int i = 0; i < 4; i++) wasm_v128_store(out + 4 * i, acc[i]);
}

// planes.ts and matmul.ts for signs: packed[block of 16 rows][group of 8 columns][row], tiles of `bytes` groups, `stride` bytes per block.
EXPORT(product_signs)
(const uint8_t *packed, int32_t rows, int32_t stride, const uint8_t *tables, const int32_t *exponents, int32_t tiles, int32_t bytes, int32_t safe,
 const Group *group, int32_t fraction, int32_t *sums, int64_t *y) {
  for (int32_t first = 0; first < rows; first += 16, packed += stride) {
    int32_t count = rows - first < 16 ? rows - first : 16;
    int64_t total[16];
    for (int r = 0; r < 16; r++) total[r] = 0;
    for (int32_t t = 0; t < tiles; t++) {
      sign_sums(packed + 16 * bytes * t, tables + 64 * bytes * t, bytes, safe, sums);
      for (int r = 0; r < 16; r++) total[r] += (int64_t)sums[r] << (exponents[t] - group->smallest);
    }
    for (int32_t r = 0; r < count; r++) y[first + r] = round_shift(total[r], group->top - fraction - group->smallest);
  }
}

// The same for weights of up to eight bits, [rows, stride] bytes in tiles of `padded`, a multiple of 8.
EXPORT(product_bytes)
(const int8_t *weights, int32_t rows, int32_t stride, const int16_t *q, const int32_t *exponents, int32_t tiles, int32_t padded, const Group *group,
 int32_t fraction, int64_t *y) {
  for (int32_t o = 0; o < rows; o++, weights += stride) {
    int64_t total = 0;
    for (int32_t t = 0; t < tiles; t++) {
      vec acc = wasm_i32x4_splat(0);
      for (int32_t i = t * padded; i < (t + 1) * padded; i += 8) {
        acc = wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(weights + i), wasm_v128_load(q + i)));
      }
      int32_t sum = wasm_i32x4_extract_lane(acc, 0) + wasm_i32x4_extract_lane(acc, 1) + wasm_i32x4_extract_lane(acc, 2) + wasm_i32x4_extract_lane(acc, 3);
      total += (int64_t)sum << (exponents[t] - group->smallest);
    }
    y[o] = round_shift(total, group->top - fraction - group->smallest);
  }
}

// projection.ts, the end of groupProduct: row scales and the bias term.
EXPORT(add_bias)(int64_t *y, int32_t rows, const int32_t *scale, const int32_t *factor, int32_t shift, const Group *group) {
  for (int32_t o = 0; o < rows; o++) {
    y[o] = scale ? round_shift(scale[o] * y[o] + (factor ? factor[o] * group->bias : 0), shift) : y[o] + group->bias;
  }
}

static inline int64_t result(const int64_t *y, int32_t rows, int32_t groups, const Group *group, int32_t shift, int32_t o) {
  int64_t sum = 0;
  for (int32_t g = 0; g < groups; g++) {
    sum += round_shift(y[g * rows + o] * group[g].mantissa, shift + group[g].exponent - group[g].top);
  }
  return sum;
}

// projection.ts, multiply; saturated. `shift` is unit + RSQRT_FRACTION - (the group's unit - top).
EXPORT(outputs)
(const int64_t *y, int32_t rows, int32_t groups, const Group *group, int32_t shift, int32_t from, int32_t count, int32_t bits, int32_t *out,
 int32_t *clamped) {
  for (int32_t i = 0; i < count; i++) out[i] = (int32_t)saturate(result(y, rows, groups, group, shift, from + i), bits, clamped);
}

EXPORT(add_residual)
(const int64_t *y, int32_t rows, int32_t groups, const Group *group, int32_t shift, int32_t bits, int32_t *residual, int32_t *clamped) {
  for (int32_t i = 0; i < rows; i++) residual[i] = (int32_t)saturate(residual[i] + result(y, rows, groups, group, shift, i), bits, clamped);
}

// convolution.ts, saturated.
EXPORT(convolve)
(const int32_t *input, const int32_t *weight, const int32_t *bias, int32_t *history, int32_t channels, int32_t taps, int32_t shift, int32_t bits,
 int32_t *out, int32_t *clamped) {
  int32_t kept = taps - 1;
  for (int32_t c = 0; c < channels; c++) {
    int64_t sum = (int64_t)bias[c] + (int64_t)weight[c * taps + kept] * input[c];
    for (int32_t k = 0; k < kept; k++) sum += (int64_t)weight[c * taps + k] * history[k * channels + c];
    out[c] = (int32_t)saturate(round_shift(sum, shift), bits, clamped);
    for (int32_t k = 0; k + 1 < kept; k++) history[k * channels + c] = history[(k + 1) * channels + c];
    if (kept > 0) history[(kept - 1) * channels + c] = input[c];
  }
}

// forward.ts, silu: from a unit `up` bits above the function's to one `down` bits above it.
EXPORT(activate)
(const int32_t *in, int32_t count, const int32_t *tail, int32_t up, int32_t down, int32_t bits, int32_t *out, int32_t *clamped) {
  for (int32_t i = 0; i < count; i++) out[i] = (int32_t)saturate(round_shift(silu(tail, (int64_t)in[i] << up), down), bits, clamped);
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
#define STRIDE 0x9e3779b9u
static inline vec mix4(vec x) {
  x = wasm_i32x4_add(x, wasm_i32x4_shl(x, 10));
  x = wasm_v128_xor(x, wasm_u32x4_shr(x, 6));
  x = wasm_i32x4_add(x, wasm_i32x4_shl(x, 3));
  x = wasm_v128_xor(x, wasm_u32x4_shr(x, 11));
  return wasm_i32x4_add(x, wasm_i32x4_shl(x, 15));
}

// The parts of a scan that every row shares; the host fills it.
typedef struct {
  int32_t heads, head_dim, d_state, padded, groups;
  int32_t decay_fraction, direct_fraction, output_bits, state_bits, work_bits, step_bits, nearest;
  const int32_t *decay, *dt, *direct, *step_shift, *output_shift; // per head
  const int32_t *x, *b, *c;                                       // b, c: [groups, padded], 0 beyond d_state
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

// (S' + r 2^(e-8)) / 2^e, where `noise` is r 2^(e-8) already.
static inline vec rounded(const int32_t *s, vec noise, int32_t e, vec limit) {
  vec q = wasm_i32x4_shr(wasm_i32x4_add(wasm_v128_load(s), noise), (uint32_t)e);
  return wasm_i32x4_max(wasm_i32x4_min(q, limit), wasm_i32x4_neg(limit));
}

// Sixteen elements of a row to bytes. Noise shifts in 16 bits: e <= work_bits - state_bits <= 16 (fastFormats).
static inline void round_16(const int32_t *s, vec noise, int32_t e, vec limit, int8_t *q) {
  vec low = wasm_u16x8_extend_low_u8x16(noise), high = wasm_u16x8_extend_high_u8x16(noise);
  int32_t up = e > 8 ? e - 8 : 0, down = e < 8 ? 8 - e : 0;
  low = wasm_u16x8_shr(wasm_i16x8_shl(low, (uint32_t)up), (uint32_t)down);
  high = wasm_u16x8_shr(wasm_i16x8_shl(high, (uint32_t)up), (uint32_t)down);
  vec r0 = rounded(s, wasm_u32x4_extend_low_u16x8(low), e, limit), r1 = rounded(s + 4, wasm_u32x4_extend_high_u16x8(low), e, limit);
  vec r2 = rounded(s + 8, wasm_u32x4_extend_low_u16x8(high), e, limit), r3 = rounded(s + 12, wasm_u32x4_extend_high_u16x8(high), e, limit);
  wasm_v128_store(q, wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(r0, r1), wasm_i16x8_narrow_i32x4(r2, r3)));
}

static inline vec extmul_sum(vec sum, vec c, vec v) {
  return wasm_i64x2_add(sum, wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(c, v), wasm_i64x2_extmul_high_i32x4(c, v)));
}

// scan-rows.ts; state_bits <= 8, q [rows, padded] with padded a multiple of 16.
EXPORT(scan_rows)(const Scan *s, int8_t *q, uint8_t *exponents, uint32_t key) {
  int32_t padded = s->padded, limit = (1 << (s->work_bits - 1)) - 1;
  vec narrow = wasm_i32x4_splat((1 << (s->state_bits - 1)) - 1);
  int32_t *next = s->next;
  for (int32_t row = 0; row < s->heads * s->head_dim; row++, q += padded) {
    int32_t h = row / s->head_dim, x = s->x[row];
    const int32_t *b = s->b + h * s->groups / s->heads * padded, *c = s->c + h * s->groups / s->heads * padded;
    int64_t step = (int64_t)s->dt[h] * x;
    int32_t k = (int32_t)most(0, bit_length((uint64_t)magnitude(step)) - (s->step_bits - 1));
    int32_t mantissa = (int32_t)saturate_symmetric(round_shift(step, k), s->step_bits);
    int32_t keep = s->decay_fraction - exponents[row];
    int32_t bring = (int32_t)least(31, s->step_shift[h] - k);
    vec decay = wasm_i32x4_splat(s->decay[h]), drive = wasm_i32x4_splat(mantissa);
    vec keep_half = wasm_i32x4_splat(half_of(keep)), bring_half = wasm_i32x4_splat(half_of(bring));
    vec sum0 = wasm_i64x2_splat(0), sum1 = sum0, biggest = sum0;
    for (int32_t n = 0; n < padded; n += 8) {
      vec old = wasm_i16x8_load8x8(q + n);
      vec k0 = spread(wasm_i32x4_mul(wasm_i32x4_extend_low_i16x8(old), decay), keep_half, keep);
      vec k1 = spread(wasm_i32x4_mul(wasm_i32x4_extend_high_i16x8(old), decay), keep_half, keep);
      vec a0 = spread(wasm_i32x4_mul(wasm_v128_load(b + n), drive), bring_half, bring);
      vec a1 = spread(wasm_i32x4_mul(wasm_v128_load(b + n + 4), drive), bring_half, bring);
      vec v0 = wasm_i32x4_add(k0, a0), v1 = wasm_i32x4_add(k1, a1);
      wasm_v128_store(next + n, v0);
      wasm_v128_store(next + n + 4, v1);
      biggest = wasm_i32x4_max(biggest, wasm_i32x4_max(wasm_i32x4_abs(v0), wasm_i32x4_abs(v1)));
      sum0 = extmul_sum(sum0, wasm_v128_load(c + n), v0);
      sum1 = extmul_sum(sum1, wasm_v128_load(c + n + 4), v1);
    }
    sum0 = wasm_i64x2_add(sum0, sum1);
    int64_t sum = wasm_i64x2_extract_lane(sum0, 0) + wasm_i64x2_extract_lane(sum0, 1);
    biggest = wasm_i32x4_max(biggest, wasm_i32x4_shuffle(biggest, biggest, 2, 3, 0, 1));
    biggest = wasm_i32x4_max(biggest, wasm_i32x4_shuffle(biggest, biggest, 1, 0, 3, 2));
    int32_t largest = wasm_i32x4_extract_lane(biggest, 0);
    if (largest > limit) sum = clamped_row(s, q, b, c, s->decay[h], mantissa, keep, bring, &largest);
    s->y[row] = finish_row(s, h, sum, x);
    int32_t e = (int32_t)most(0, bit_length((uint32_t)largest) - (s->state_bits - 1));
    exponents[row] = (uint8_t)e;
    uint32_t row_key = mix(key, (uint32_t)row);
    vec words = wasm_i32x4_add(wasm_i32x4_splat((int32_t)row_key), wasm_u32x4_make(0, STRIDE, 2 * STRIDE, 3 * STRIDE));
    for (int32_t n = 0; n < padded; n += 16) {
      vec noise = s->nearest ? wasm_i8x16_splat((int8_t)128) : mix4(words);
      round_16(next + n, noise, e, narrow, q + n);
      words = wasm_i32x4_add(words, wasm_u32x4_splat(4 * STRIDE));
    }
  }
}

// scan.ts; state [rows, padded] of up to 16 bits.
EXPORT(scan_heads)(const Scan *s, int16_t *state) {
  int64_t limit = (int64_t)1 << (s->state_bits - 1), half = ((int64_t)1 << s->decay_fraction) >> 1;
  int32_t lost = 0;
  for (int32_t row = 0; row < s->heads * s->head_dim; row++, state += s->padded) {
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
