// Float kernels of the golden model (float/kernels.ts says what each computes), in WebAssembly SIMD.
// Pointers are byte addresses in the memory that the host gives. No C library, no globals, no stack in memory.
// Rebuild float.wasm with `npx tsx golden/kernels/build.ts`; a test checks that it was.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define LANES 8 // tokens that go through a projection together: two vectors

typedef v128_t vec;

static inline vec load(const float *p) { return wasm_v128_load(p); }
static inline void store(float *p, vec v) { wasm_v128_store(p, v); }
static inline vec splat(float x) { return wasm_f32x4_splat(x); }
static inline vec add(vec a, vec b) { return wasm_f32x4_add(a, b); }
static inline vec mul(vec a, vec b) { return wasm_f32x4_mul(a, b); }

static inline float sum_lanes(vec v) {
  vec s = add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 1);
}

// exp(x) to 2 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) by the polynomial of Cephes' expf.
// Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits, from where it is shifted into the exponent.
static inline vec exp4(vec x) {
  x = wasm_f32x4_pmin(wasm_f32x4_pmax(x, splat(-87.0f)), splat(88.0f));
  vec rounded = add(mul(x, splat(1.44269504088896341f)), splat(12582912.0f));
  vec n = wasm_f32x4_sub(rounded, splat(12582912.0f));
  vec r = wasm_f32x4_sub(x, mul(n, splat(0.693359375f)));
  r = wasm_f32x4_sub(r, mul(n, splat(-2.12194440e-4f)));
  vec p = splat(1.9875691500e-4f);
  p = add(mul(p, r), splat(1.3981999507e-3f));
  p = add(mul(p, r), splat(8.3334519073e-3f));
  p = add(mul(p, r), splat(4.1665795894e-2f));
  p = add(mul(p, r), splat(1.6666665459e-1f));
  p = add(mul(p, r), splat(5.0000001201e-1f));
  p = add(add(mul(p, mul(r, r)), r), splat(1.0f));
  return wasm_i32x4_add(p, wasm_i32x4_shl(rounded, 23));
}

static inline vec silu4(vec x) { return wasm_f32x4_div(x, add(splat(1.0f), exp4(wasm_f32x4_neg(x)))); }

static inline float silu1(float x) { return wasm_f32x4_extract_lane(silu4(splat(x)), 0); }

EXPORT(silu)(const float *x, float *out, int32_t count) {
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) store(out + i, silu4(load(x + i)));
  for (; i < count; i++) out[i] = silu1(x[i]);
}

// 1 / sqrt(mean(x^2) + eps)
static inline float inverse_rms(const float *x, int32_t width, float eps) {
  vec s0 = splat(0), s1 = splat(0);
  int32_t i = 0;
  for (; i + 8 <= width; i += 8) {
    s0 = add(s0, mul(load(x + i), load(x + i)));
    s1 = add(s1, mul(load(x + i + 4), load(x + i + 4)));
  }
  float sum = sum_lanes(add(s0, s1));
  for (; i < width; i++) sum += x[i] * x[i];
  return 1.0f / __builtin_sqrtf(sum / (float)width + eps);
}

static inline void scale_by(const float *x, const float *weight, float *out, int32_t width, float scale) {
  int32_t i = 0;
  for (; i + 4 <= width; i += 4) store(out + i, mul(load(weight + i), mul(load(x + i), splat(scale))));
  for (; i < width; i++) out[i] = weight[i] * (x[i] * scale);
}

EXPORT(rms_norm)(const float *x, const float *weight, float *out, int32_t rows, int32_t width, float eps) {
  for (int32_t r = 0; r < rows; r++, x += width, out += width) {
    scale_by(x, weight, out, width, inverse_rms(x, width, eps));
  }
}

EXPORT(gated_norm)
(const float *y, const float *z, int32_t stride, const float *weight, float *out, int32_t rows, int32_t width, int32_t groups, float eps) {
  int32_t part = width / groups;
  for (int32_t r = 0; r < rows; r++, y += width, z += stride, out += width) {
    int32_t i = 0;
    for (; i + 4 <= width; i += 4) store(out + i, mul(load(y + i), silu4(load(z + i))));
    for (; i < width; i++) out[i] = y[i] * silu1(z[i]);
    for (int32_t g = 0; g < width; g += part) {
      scale_by(out + g, weight + g, out + g, part, inverse_rms(out + g, part, eps));
    }
  }
}

// One token of a convolution with four taps: x0 is the oldest input, w is [channels, 4].
static inline void convolve4(const float *x0, const float *x1, const float *x2, const float *x3, const float *turned,
                             const float *bias, float *out, int32_t channels) {
  const float *w0 = turned, *w1 = w0 + channels, *w2 = w1 + channels, *w3 = w2 + channels;
  int32_t c = 0;
  for (; c + 4 <= channels; c += 4) {
    vec old = add(mul(load(w0 + c), load(x0 + c)), mul(load(w1 + c), load(x1 + c)));
    vec new = add(mul(load(w2 + c), load(x2 + c)), mul(load(w3 + c), load(x3 + c)));
    store(out + c, add(add(load(bias + c), old), new));
  }
  for (; c < channels; c++) out[c] = bias[c] + w0[c] * x0[c] + w1[c] * x1[c] + w2[c] * x2[c] + w3[c] * x3[c];
}

// weight is [channels, taps]; `turned` has room for it as [taps, channels].
EXPORT(convolve)
(const float *input, int32_t stride, const float *weight, const float *bias, float *history, float *out, float *turned,
 int32_t channels, int32_t taps, int32_t batch, int32_t steps) {
  int32_t kept = taps - 1;
  for (int32_t c = 0; c < channels; c++) {
    for (int32_t k = 0; k < taps; k++) turned[k * channels + c] = weight[c * taps + k];
  }
  for (int32_t b = 0; b < batch; b++, input += steps * stride, history += kept * channels) {
#define AT(t) ((t) < 0 ? history + ((t) + kept) * channels : input + (t) * stride)
    for (int32_t t = 0; t < steps; t++, out += channels) {
      if (taps == 4) {
        convolve4(AT(t - 3), AT(t - 2), AT(t - 1), AT(t), turned, bias, out, channels);
        continue;
      }
      for (int32_t c = 0; c < channels; c++) {
        float sum = bias[c];
        for (int32_t k = 0; k < taps; k++) sum += turned[k * channels + c] * AT(t + k - kept)[c];
        out[c] = sum;
      }
    }
    for (int32_t k = 0; k < kept; k++) __builtin_memmove(history + k * channels, AT(steps + k - kept), channels * sizeof(float));
  }
}

// ROWS rows of the state at once, which share the loads of B and C.
#define SCAN_ROWS(ROWS)                                                                                                  \
  static inline void scan_rows_##ROWS(float *s, const float *x, const float *b, const float *c, float *y, int32_t n,    \
                                      float decay, float dt, float d) {                                                 \
    vec acc[ROWS];                                                                                                      \
    float drive[ROWS], tail[ROWS];                                                                                      \
    for (int r = 0; r < ROWS; r++) acc[r] = splat(0), drive[r] = dt * x[r], tail[r] = 0;                                \
    int32_t i = 0;                                                                                                      \
    for (; i + 4 <= n; i += 4) {                                                                                        \
      vec bv = load(b + i), cv = load(c + i);                                                                           \
      for (int r = 0; r < ROWS; r++) {                                                                                  \
        vec v = add(mul(splat(decay), load(s + r * n + i)), mul(splat(drive[r]), bv));                                  \
        store(s + r * n + i, v);                                                                                        \
        acc[r] = add(acc[r], mul(cv, v));                                                                               \
      }                                                                                                                 \
    }                                                                                                                   \
    for (; i < n; i++) {                                                                                                \
      for (int r = 0; r < ROWS; r++) {                                                                                  \
        s[r * n + i] = decay * s[r * n + i] + drive[r] * b[i];                                                          \
        tail[r] += c[i] * s[r * n + i];                                                                                 \
      }                                                                                                                 \
    }                                                                                                                   \
    for (int r = 0; r < ROWS; r++) y[r] = d * x[r] + sum_lanes(acc[r]) + tail[r];                                       \
  }
SCAN_ROWS(4)
SCAN_ROWS(1)

// A head's state stays in the first-level cache while all tokens of the span pass through it.
EXPORT(scan)
(const float *xbc, const float *dt, const float *da, const float *d, float *state, float *y, int32_t heads, int32_t head_dim,
 int32_t n, int32_t groups, int32_t batch, int32_t steps) {
  int32_t inner = heads * head_dim, width = inner + 2 * groups * n;
  for (int32_t b = 0; b < batch; b++) {
    for (int32_t h = 0; h < heads; h++) {
      float *s = state + (b * heads + h) * head_dim * n;
      for (int32_t row = b * steps; row < (b + 1) * steps; row++) {
        const float *x = xbc + row * width + h * head_dim;
        const float *bv = xbc + row * width + inner + h * groups / heads * n;
        const float *cv = bv + groups * n;
        float *out = y + row * inner + h * head_dim;
        float decay = da[row * heads + h], step = dt[row * heads + h];
        int32_t p = 0;
        for (; p + 4 <= head_dim; p += 4) scan_rows_4(s + p * n, x + p, bv, cv, out + p, n, decay, step, d[h]);
        for (; p < head_dim; p++) scan_rows_1(s + p * n, x + p, bv, cv, out + p, n, decay, step, d[h]);
      }
    }
  }
}

// Projections take LANES tokens at once. turned[i][lane] = x[lane][i] (times scale[i], where there is one); missing tokens and
// columns up to `padded` are zero.
// The 4 x 4 matrix with rows m[0..3], transposed.
static inline void transpose4(vec m[4]) {
  vec a = wasm_i32x4_shuffle(m[0], m[1], 0, 4, 1, 5), b = wasm_i32x4_shuffle(m[2], m[3], 0, 4, 1, 5);
  vec c = wasm_i32x4_shuffle(m[0], m[1], 2, 6, 3, 7), d = wasm_i32x4_shuffle(m[2], m[3], 2, 6, 3, 7);
  m[0] = wasm_i64x2_shuffle(a, b, 0, 2);
  m[1] = wasm_i64x2_shuffle(a, b, 1, 3);
  m[2] = wasm_i64x2_shuffle(c, d, 0, 2);
  m[3] = wasm_i64x2_shuffle(c, d, 1, 3);
}

static inline void turn(const float *x, int32_t tokens, int32_t cols, int32_t padded, const float *scale, float *turned) {
  for (int32_t first = 0; first < LANES; first += 4) {
    const float *rows[4];
    for (int t = 0; t < 4; t++) rows[t] = x + (first + t < tokens ? first + t : 0) * cols;
    int32_t i = 0;
    for (; i + 4 <= cols; i += 4) {
      vec s = scale ? load(scale + i) : splat(1.0f);
      vec m[4];
      for (int t = 0; t < 4; t++) m[t] = mul(s, load(rows[t] + i));
      transpose4(m);
      for (int k = 0; k < 4; k++) store(turned + (i + k) * LANES + first, m[k]);
    }
    for (; i < cols; i++) {
      for (int t = 0; t < 4; t++) turned[i * LANES + first + t] = (scale ? scale[i] : 1.0f) * rows[t][i];
    }
  }
  for (int32_t i = cols * LANES; i < padded * LANES; i++) turned[i] = 0.0f;
}

// sum_i weight[i] x[i], with weight 1 where there is none.
static inline float dot(const float *weight, const float *x, int32_t cols) {
  vec s = splat(0);
  int32_t i = 0;
  for (; i + 4 <= cols; i += 4) s = add(s, weight ? mul(load(weight + i), load(x + i)) : load(x + i));
  float sum = sum_lanes(s);
  for (; i < cols; i++) sum += (weight ? weight[i] : 1.0f) * x[i];
  return sum;
}

// out[lane][row] = acc[row][lane] for the lanes that are tokens.
static inline void turn_back(const float *acc, int32_t rows, int32_t tokens, float *out) {
  for (int32_t first = 0; first < tokens; first += 4) {
    int32_t o = 0;
    for (; o + 4 <= rows; o += 4) {
      vec m[4];
      for (int k = 0; k < 4; k++) m[k] = load(acc + (o + k) * LANES + first);
      transpose4(m);
      for (int t = 0; t < 4 && first + t < tokens; t++) store(out + (first + t) * rows + o, m[t]);
    }
    for (; o < rows; o++) {
      for (int t = first; t < tokens && t < first + 4; t++) out[t * rows + o] = acc[o * LANES + t];
    }
  }
}

// scratch: (cols + rows) * LANES floats.
EXPORT(project_dense)
(const float *x, int32_t total, int32_t cols, const float *weights, int32_t rows, float *out, float *scratch) {
  float *acc = scratch + cols * LANES;
  for (int32_t first = 0; first < total; first += LANES) {
    int32_t tokens = total - first < LANES ? total - first : LANES;
    turn(x + first * cols, tokens, cols, cols, 0, scratch);
    for (int32_t o = 0; o < rows; o += 4) {
      // The last block of fewer than 4 rows computes row o again instead of reading past the end.
      const float *w[4];
      vec s[4][2];
      for (int r = 0; r < 4; r++) {
        w[r] = weights + (o + r < rows ? o + r : o) * cols;
        s[r][0] = s[r][1] = splat(0);
      }
      for (int32_t i = 0; i < cols; i++) {
        vec x0 = load(scratch + i * LANES), x1 = load(scratch + i * LANES + 4);
        for (int r = 0; r < 4; r++) {
          vec v = wasm_v128_load32_splat(w[r] + i);
          s[r][0] = add(s[r][0], mul(v, x0));
          s[r][1] = add(s[r][1], mul(v, x1));
        }
      }
      for (int r = 0; r < 4 && o + r < rows; r++) {
        store(acc + (o + r) * LANES, s[r][0]);
        store(acc + (o + r) * LANES + 4, s[r][1]);
      }
    }
    turn_back(acc, rows, tokens, out + first * rows);
  }
}

// Table of sum_i (bit i of w ? +x : -x) over GROUP columns, for each w: one addition per entry.
#define GROUP 8
#define ENTRIES (1 << GROUP)
enum { COLUMN, ROW, SINGLE };

static inline void build_table(const float *turned, float *table) {
  vec low = splat(0), high = splat(0);
  for (int i = 0; i < GROUP; i++) {
    low = wasm_f32x4_sub(low, load(turned + i * LANES));
    high = wasm_f32x4_sub(high, load(turned + i * LANES + 4));
  }
  store(table, low);
  store(table + 4, high);
  for (int i = 0; i < GROUP; i++) {
    vec x0 = mul(splat(2), load(turned + i * LANES)), x1 = mul(splat(2), load(turned + i * LANES + 4));
    for (int w = 0; w < 1 << i; w++) {
      store(table + (w + (1 << i)) * LANES, add(load(table + w * LANES), x0));
      store(table + (w + (1 << i)) * LANES + 4, add(load(table + w * LANES + 4), x1));
    }
  }
}

// sum over the four bytes of `bits` of that byte's table entry, for four tokens.
static inline vec look_up(const float *table, uint32_t bits) {
  const float *e0 = table + (bits & 255) * LANES, *e1 = table + (ENTRIES + (bits >> 8 & 255)) * LANES;
  const float *e2 = table + (2 * ENTRIES + (bits >> 16 & 255)) * LANES, *e3 = table + (3 * ENTRIES + (bits >> 24)) * LANES;
  return add(add(load(e0), load(e1)), add(load(e2), load(e3)));
}

// acc[o] = scale * acc[o] + bias * sums: the scales of patterns row and single; for column acc[o] += sums.
static inline void finish(float *acc, int32_t rows, const float *sums, int32_t pattern, const float *wscale, const float *wbias) {
  vec s0 = load(sums), s1 = load(sums + 4);
  for (int32_t o = 0; o < rows; o++, acc += LANES) {
    int32_t at = pattern == ROW ? o : 0;
    vec scale = splat(pattern == COLUMN ? 1.0f : wscale[at]), bias = splat(pattern == COLUMN ? 1.0f : wbias[at]);
    store(acc, add(mul(scale, load(acc)), mul(bias, s0)));
    store(acc + 4, add(mul(scale, load(acc + 4)), mul(bias, s1)));
  }
}

// scratch: (32 row_words + rows + 4 ENTRIES + 1) * LANES floats.
EXPORT(project_binary)
(const float *x, int32_t total, int32_t cols, const uint32_t *signs, int32_t row_words, const float *wscale, const float *wbias,
 int32_t pattern, int32_t rows, float *out, float *scratch) {
  float *acc = scratch + 32 * row_words * LANES;
  float *table = acc + rows * LANES;
  float *sums = table + 4 * ENTRIES * LANES;
  for (int32_t first = 0; first < total; first += LANES) {
    const float *in = x + first * cols;
    int32_t tokens = total - first < LANES ? total - first : LANES;
    turn(in, tokens, cols, 32 * row_words, pattern == COLUMN ? wscale : 0, scratch);
    for (int32_t i = 0; i < rows * LANES; i += 4) store(acc + i, splat(0));
    for (int32_t word = 0; word < row_words; word++) {
      for (int g = 0; g < 4; g++) build_table(scratch + (word * 32 + g * GROUP) * LANES, table + g * ENTRIES * LANES);
      for (int32_t o = 0; o < rows; o++) {
        uint32_t bits = signs[o * row_words + word];
        float *sum = acc + o * LANES;
        store(sum, add(load(sum), look_up(table, bits)));
        store(sum + 4, add(load(sum + 4), look_up(table + 4, bits)));
      }
    }
    for (int32_t t = 0; t < LANES; t++) sums[t] = t < tokens ? dot(pattern == COLUMN ? wbias : 0, in + t * cols, cols) : 0.0f;
    finish(acc, rows, sums, pattern, wscale, wbias);
    turn_back(acc, rows, tokens, out + first * rows);
  }
}
