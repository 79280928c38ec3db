// Products of signs and activations, by look-ups.

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
