// The scan: what its forms share, rows of any exponent (scan-rows.ts), one unit per head (scan.ts).

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
  int32_t *y, *next;                                              // next: [3, padded], for a row in 32 bits and three in 16
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

// dt x (16 bits) goes with a zero against the two halves of B, so that dot_i16x8 is a product.
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

// A row's dt x, as mantissa and the shift to S'.
typedef struct {
  int32_t mantissa, bring;
} Drive;
static inline Drive drive_of(int32_t dt, int32_t x, int32_t bits, int32_t shift) {
  int64_t step = (int64_t)dt * x;
  int32_t k = (int32_t)most(0, bit_length((uint64_t)magnitude(step)) - (bits - 1));
  return (Drive){(int32_t)saturate_symmetric(shift_right(step, k), bits), (int32_t)least(31, shift - k)};
}

// A row of any kind. Not a part of its caller, whose loops it would leave too few registers.
static __attribute__((noinline)) void wide_row(const Scan *s, int32_t row, uint32_t key, int8_t *q, uint8_t *exponent) {
  int32_t h = row / s->head_dim, group = h * s->groups / s->heads * s->padded, whole = s->decay[h];
  const int32_t *b = s->b + group, *c = s->c + group;
  const int16_t *c16 = s->c16 + group;
  Drive drive = drive_of(s->dt[h], s->x[row], s->step_bits, s->step_shift[h]);
  int32_t padded = s->padded, old = *exponent, limit = (1 << (s->work_bits - 1)) - 1, bring = drive.bring, *next = s->next;
  vec decay = wasm_i32x4_splat(whole << (old > 8 ? old - 8 : old)), biggest;
  Row shared = {decay, wasm_i32x4_splat(drive.mantissa & 0xffff), wasm_i32x4_splat(half_of(bring)), bring};
  int64_t sum = old > 8 ? advance(shared, q, b, c16, padded, 8, next, &biggest) : advance(shared, q, b, c16, padded, 16, next, &biggest);
  int32_t largest = largest_of(biggest);
  if (largest > limit) sum = clamped_row(s, q, b, c, whole, drive.mantissa, s->decay_fraction - old, bring, &largest);
  s->y[row] = finish_row(s, h, sum, s->x[row]);
  int32_t e = (int32_t)most(0, bit_length((uint32_t)largest) - (s->state_bits - 1));
  *exponent = (uint8_t)e;
  vec words = first_words(key), scale = wasm_i32x4_splat(1 << (24 - e)), narrow = wasm_i8x16_splat((int8_t)((1 << (s->state_bits - 1)) - 1));
  for (int32_t n = 0; n < padded; n += 16) {
    vec noise = s->nearest ? wasm_i8x16_splat((int8_t)128) : noise_of(words);
    round_16(next + n, noise, scale, narrow, q + n);
    words = next_words(words);
  }
}

// What the rows of a head share. A row is narrow, its S' known beforehand to have 16 bits and the sums of C S' 32, where
//     127 2^e + (`drive` >> bring) + 2 <= `limit`, e >= `finest`, 16 - bring <= `room`; then, with u = q 2^(e-1) and B' = B 2^(16 - bring),
//     round(decay q 2^e / 2^16) = (q 2^e where decay >= 1/2) + round(part u / 2^15)
//     round(t' B / 2^bring) = round(floor(t' B' / 2^15) / 2^(bring - 15))
typedef struct {
  const int16_t *b, *c;
  int32_t *y;
  int32_t dt, step_bits, step_shift, half, part, drive, limit, finest, room;
  int32_t direct, direct_shift, output_shift, output_bits;
  int32_t *clamped;
} Head;

static inline Head head_of(const Scan *s, int32_t h) {
  int32_t at = h * s->groups / s->heads * s->padded, decay = s->decay[h], half = decay >= 32768, part = decay - (half << 16);
  Head head = {s->b16 + at, s->c16 + at, s->y, s->dt[h], s->step_bits, s->step_shift[h], half, part, 0, -1, part & 1, 0,
               s->direct[h], s->direct_fraction, s->output_shift[h], s->output_bits, s->clamped_output};
  int32_t shifts_right = head.output_shift >= 0 && head.output_shift < 62 && head.direct_shift >= 0 && head.direct_shift < 62;
  if (s->state_bits != 8 || s->decay_fraction != 16 || part < -INT16_MAX || !shifts_right) return head;
  vec most_b = wasm_i16x8_splat(0), sum_c = most_b;
  for (int32_t n = 0; n < s->padded; n += 8) {
    most_b = wasm_u16x8_max(most_b, wasm_i16x8_abs(wasm_v128_load(head.b + n)));
    sum_c = wasm_i32x4_add(sum_c, wasm_u32x4_extadd_pairwise_u16x8(wasm_i16x8_abs(wasm_v128_load(head.c + n))));
  }
  int32_t largest = largest_of(wasm_u32x4_max(wasm_u32x4_extend_low_u16x8(most_b), wasm_u32x4_extend_high_u16x8(most_b)));
  head.drive = INT16_MAX * largest;
  head.limit = (int32_t)least(INT16_MAX, INT32_MAX / most(1, largest_of(sum_c)));
  head.room = 15 - bit_length((uint32_t)largest);
  return head;
}

static inline int32_t is_narrow(const Head *head, Drive drive, int32_t old) {
  return (127 << old) + (head->drive >> drive.bring) + 2 <= head->limit && old >= head->finest && 16 - drive.bring <= head->room;
}

// As `finish_row`.
static inline int32_t narrow_finish(const Head *head, int64_t sum, int32_t x) {
  int64_t total = shift_right(sum, head->output_shift) + shift_right((int64_t)head->direct * x, head->direct_shift);
  return (int32_t)saturate(total, head->output_bits, head->clamped);
}

// What a narrow row's elements share; `b` is B'.
typedef struct {
  vec unit, part, whole, mantissa, down;
  const int16_t *b;
} NarrowRow;
static inline NarrowRow narrow_row(const Head *head, Drive drive, int32_t old, int32_t padded, int16_t *scaled) {
  int32_t up = drive.bring < 16 ? 16 - drive.bring : 0;
  for (int32_t n = 0; up > 0 && n < padded; n += 8) wasm_v128_store(scaled + n, wasm_i16x8_shl(wasm_v128_load(head->b + n), (uint32_t)up));
  return (NarrowRow){wasm_i16x8_splat((int16_t)(1 << (old > 0 ? old - 1 : 0))),
                     wasm_i16x8_splat((int16_t)(old > 0 ? head->part : head->part / 2)),
                     wasm_i16x8_splat((int16_t)(head->half << old)),
                     wasm_i16x8_splat((int16_t)drive.mantissa),
                     wasm_i16x8_splat((int16_t)(32768 >> (drive.bring + up - 15))),
                     up > 0 ? scaled : head->b};
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
  for (int32_t left = padded; left > 0; left -= 32, q += 32, b += 32, c += 32, next += 32) {
    HIDE(q, b);
    HIDE(c, next);
    for (int32_t n = 0; n < 32; n += 8) {
      vec v = narrow_step(row, wasm_i16x8_load8x8(q + n), wasm_v128_load(b + n));
      wasm_v128_store(next + n, v);
      seen = wasm_v128_or(seen, wasm_i16x8_abs(v));
      sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(v, wasm_v128_load(c + n)));
    }
  }
  uint64_t all = (uint64_t)(wasm_i64x2_extract_lane(seen, 0) | wasm_i64x2_extract_lane(seen, 1));
  all |= all >> 32;
  *bits = bit_length((all | all >> 16) & 0xffff);
  return sum_of(sum);
}

// A row that is to be rounded: its S', the exponent of q, what its noise is made of.
typedef struct {
  const int16_t *next;
  int8_t *q;
  int32_t e;
  uint32_t noise;
} Pending;
static inline vec with_noise(vec s, vec scale, vec noise) { return wasm_i16x8_shr(wasm_i16x8_add_sat(wasm_i16x8_mul(s, scale), noise), 8); }
static inline void narrow_round(Pending row, int32_t padded, int32_t nearest) {
  vec scale = wasm_i16x8_splat((int16_t)(1 << (8 - row.e))), least = wasm_i8x16_splat(-127), zero = wasm_i16x8_splat(0), words = first_words(row.noise);
  const int16_t *next = row.next;
  int8_t *q = row.q;
  for (int32_t left = padded; left > 0; left -= 32, next += 32, q += 32) {
    HIDE(next, q);
    for (int32_t n = 0; n < 32; n += 16) {
      vec noise = nearest ? wasm_i8x16_splat((int8_t)128) : noise_of(words);
      vec low = with_noise(wasm_v128_load(next + n), scale, wasm_i8x16_shuffle(noise, zero, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
      vec high = with_noise(wasm_v128_load(next + n + 8), scale, wasm_i8x16_shuffle(noise, zero, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
      wasm_v128_store(q + n, wasm_i8x16_max(wasm_i8x16_narrow_i16x8(low, high), least));
      words = next_words(words);
    }
  }
}

// scan-rows.ts; rows from ... from + count - 1; state_bits <= 8, q [rows, padded] with padded a multiple of 32. A row is rounded when the next one
// has its S', so that nothing waits for its exponent.
static inline void scan_narrow(const Scan *s, int8_t *states, uint8_t *exponents, uint32_t key, int32_t from, int32_t count, int32_t nearest) {
  int32_t padded = s->padded, row = from, end = from + count;
  int16_t *scaled = (int16_t *)(s->next + padded), *next = scaled + padded, *other = next + padded;
  Pending pending = {next, 0, 0, 0};
  while (row < end) {
    int32_t h = row / s->head_dim;
    Head head = head_of(s, h);
    for (int32_t last = (int32_t)least(end, (h + 1) * s->head_dim); row < last; row++) {
      int8_t *q = states + row * padded;
      int32_t x = s->x[row], old = exponents[row], bits;
      uint32_t noise = mix(key, (uint32_t)row);
      Drive drive = drive_of(head.dt, x, head.step_bits, head.step_shift);
      if (!is_narrow(&head, drive, old)) {
        wide_row(s, row, noise, q, exponents + row);
        continue;
      }
      NarrowRow narrow = narrow_row(&head, drive, old, padded, scaled);
      head.y[row] = narrow_finish(&head, narrow_advance(&narrow, q, head.c, padded, next, &bits), x);
      int32_t e = (int32_t)most(0, bits - 7);
      exponents[row] = (uint8_t)e;
      if (pending.q) narrow_round(pending, padded, nearest);
      pending = (Pending){next, q, e, noise};
      next = other;
      other = (int16_t *)pending.next;
    }
  }
  if (pending.q) narrow_round(pending, padded, nearest);
}
EXPORT(scan_rows)(const Scan *s, int8_t *states, uint8_t *exponents, const uint32_t *key, int32_t from, int32_t count) {
  if (s->nearest) scan_narrow(s, states, exponents, *key, from, count, 1);
  else scan_narrow(s, states, exponents, *key, from, count, 0);
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
