// From integers to activations, and from products to outputs: projection.ts.

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
