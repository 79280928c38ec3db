// Between the projections: convolution.ts, and what forward.ts does element by element.

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

static inline int32_t sum_lanes(vec four) {
  return wasm_i32x4_extract_lane(four, 0) + wasm_i32x4_extract_lane(four, 1) + wasm_i32x4_extract_lane(four, 2) + wasm_i32x4_extract_lane(four, 3);
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
  *clamped += sum_lanes(lost);
  for (; c < end; c++) f->out[c] = (int32_t)saturate(convolve_one(f, c), f->bits, clamped);
}

// forward.ts, silu: from a unit `up` bits above the function's to one `down` bits above it.
static inline int64_t activate_one(const int32_t *tail, int32_t x, int32_t up, int32_t down, int32_t bits, int32_t *clamped) {
  return saturate(round_shift(silu(tail, (int64_t)x << up), down), bits, clamped);
}
// Two neighbours in a table.
static inline vec pair_at(const int32_t *tail, uint32_t i) { return wasm_v128_load64_zero(tail + i); }
// Four at once, where |x| 2^up has 30 bits and `down` is 1 to 29.
static inline vec activate_four(const int32_t *tail, vec x, int32_t up, int32_t down) {
  vec wide = wasm_i32x4_shl(x, (uint32_t)up), t = wasm_i32x4_abs(wide), step = wasm_i32x4_splat(1 << (FRACTION - 6));
  vec i = wasm_i32x4_shr(wasm_i32x4_min(t, wasm_i32x4_splat(TAIL_END - 1)), FRACTION - 6);
  vec first = wasm_i64x2_shuffle(pair_at(tail, (uint32_t)wasm_i32x4_extract_lane(i, 0)), pair_at(tail, (uint32_t)wasm_i32x4_extract_lane(i, 1)), 0, 2);
  vec second = wasm_i64x2_shuffle(pair_at(tail, (uint32_t)wasm_i32x4_extract_lane(i, 2)), pair_at(tail, (uint32_t)wasm_i32x4_extract_lane(i, 3)), 0, 2);
  vec from = wasm_i32x4_shuffle(first, second, 0, 2, 4, 6), to = wasm_i32x4_shuffle(first, second, 1, 3, 5, 7);
  vec part = wasm_i32x4_mul(wasm_i32x4_sub(to, from), wasm_v128_and(t, wasm_i32x4_sub(step, wasm_i32x4_splat(1))));
  vec value = wasm_i32x4_add(from, wasm_i32x4_shr(wasm_i32x4_add(part, wasm_i32x4_shr(step, 1)), FRACTION - 6));
  value = wasm_v128_and(value, wasm_i32x4_lt(t, wasm_i32x4_splat(TAIL_END)));
  value = wasm_i32x4_sub(wasm_i32x4_max(wide, wasm_i32x4_splat(0)), value);
  return wasm_i32x4_shr(wasm_i32x4_add(value, wasm_i32x4_splat(1 << (down - 1))), (uint32_t)down);
}
EXPORT(activate)
(const int32_t *in, int32_t count, const int32_t *tail, int32_t up, int32_t down, int32_t bits, int32_t *out, int32_t *clamped) {
  int32_t i = 0, short_shifts = up >= 0 && up < 30 && down > 0 && down < 30 && bits < 32;
  vec limit = wasm_i32x4_splat(short_shifts ? 1 << (30 - up) : 0), most = wasm_i32x4_splat((int32_t)(((int64_t)1 << (bits - 1)) - 1));
  vec least = wasm_v128_not(most), lost = wasm_i32x4_splat(0);
  for (; i + 4 <= count; i += 4) {
    vec x = wasm_v128_load(in + i);
    if (wasm_i32x4_all_true(wasm_u32x4_lt(wasm_i32x4_abs(x), limit))) {
      vec wide = activate_four(tail, x, up, down), kept = wasm_i32x4_max(least, wasm_i32x4_min(most, wide));
      lost = wasm_i32x4_sub(lost, wasm_i32x4_ne(wide, kept));
      wasm_v128_store(out + i, kept);
    } else {
      for (int32_t k = i; k < i + 4; k++) out[k] = (int32_t)activate_one(tail, in[k], up, down, bits, clamped);
    }
  }
  *clamped += sum_lanes(lost);
  for (; i < count; i++) out[i] = (int32_t)activate_one(tail, in[i], up, down, bits, clamped);
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
