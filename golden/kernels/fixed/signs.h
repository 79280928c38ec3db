// Products of signs and activations, by look-ups. All is one function: what it calls would give its vectors back in memory.
#define INLINE static inline __attribute__((always_inline))

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

// Signs lie in eight planes, `far` bytes apart: group g of eight columns is in plane g % 8, which is [block of 32 rows][g / 8][row]. So eight
// streams are read at once, each of which the processor fetches ahead: together they hide the memory, one alone does not.
// What is summed begins at a multiple of four groups.
INLINE const uint8_t *signs_of(const uint8_t *block, int32_t far, int32_t g) { return block + (g & 7) * far + (g >> 3) * 32; }

// Table entries of two times sixteen rows, summed in bytes. Indices are below 16, so that `relaxed` leaves nothing open.
typedef struct {
  vec low, high;
} Narrow;
typedef struct {
  Narrow first, second;
} Entries;
INLINE Narrow look_up(Narrow sum, vec low, vec high, vec index) {
  return (Narrow){wasm_i8x16_add(sum.low, wasm_i8x16_relaxed_swizzle(low, index)), wasm_i8x16_add(sum.high, wasm_i8x16_relaxed_swizzle(high, index))};
}
INLINE Entries add_group(Entries sum, const uint8_t *signs, const uint8_t *tables) {
  vec nibble = wasm_i8x16_splat(15), first = wasm_v128_load(signs), second = wasm_v128_load(signs + 16);
  vec low = wasm_v128_load(tables), high = wasm_v128_load(tables + 16);
  sum.first = look_up(sum.first, low, high, wasm_v128_and(first, nibble));
  sum.second = look_up(sum.second, low, high, wasm_v128_and(second, nibble));
  low = wasm_v128_load(tables + 32);
  high = wasm_v128_load(tables + 48);
  sum.first = look_up(sum.first, low, high, wasm_v128_and(wasm_u16x8_shr(first, 4), nibble));
  sum.second = look_up(sum.second, low, high, wasm_v128_and(wasm_u16x8_shr(second, 4), nibble));
  return sum;
}
INLINE Entries no_entries(void) {
  vec zero = wasm_i32x4_splat(0);
  return (Entries){{zero, zero}, {zero, zero}};
}

// How sums of table entries widen: `step` groups fit a byte, four at most being asked for, and `chunk`, a multiple, 16 bits.
typedef struct {
  vec pair, again;
  int32_t step, chunk, shift;
} Widths;
INLINE Widths widths_of(int32_t step, int32_t chunk, int32_t shift) {
  int32_t once = shift > 6 ? 64 : 1 << shift;
  return (Widths){wasm_i16x8_splat((int16_t)(1 | once << 8)), wasm_i16x8_splat((int16_t)(((1 << shift) - once) << 8)), step, chunk, shift};
}

// Sums of two times sixteen rows in 16 bits. The second factors of the dot product have 7 bits, so that it is exact on every machine.
typedef struct {
  vec first, second;
} Wide;
typedef struct {
  Wide first, second;
} Sums;
INLINE Wide widen_half(Wide sum, Narrow part, vec pair) {
  vec first = wasm_i8x16_shuffle(part.low, part.high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  vec second = wasm_i8x16_shuffle(part.low, part.high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  return (Wide){wasm_i16x8_add(sum.first, wasm_i16x8_relaxed_dot_i8x16_i7x16(first, pair)),
                wasm_i16x8_add(sum.second, wasm_i16x8_relaxed_dot_i8x16_i7x16(second, pair))};
}
INLINE Sums widen(Sums sum, Entries part, vec pair) { return (Sums){widen_half(sum.first, part.first, pair), widen_half(sum.second, part.second, pair)}; }

// Sums over at most a chunk of groups, with what the tables leave out.
INLINE Sums sums_before(int32_t groups, const Widths *w) {
  vec constant = wasm_i16x8_splat((int16_t)(groups << w->shift));
  return (Sums){{constant, constant}, {constant, constant}};
}
// Where a step has four groups. The branches after each group serve tiles whose number of groups is odd, and keep the engine from loading all
// that a step needs before it adds any of it up.
INLINE Sums sum_fours(const uint8_t *block, int32_t far, int32_t g, const uint8_t *tables, int32_t groups, const Widths *w) {
  const uint8_t *p0 = signs_of(block, far, g), *p1 = p0 + far, *p2 = p1 + far, *p3 = p2 + far;
  int32_t hop = g & 4 ? 32 - 4 * far : 4 * far;
  Sums sums = sums_before(groups, w);
  for (;; tables += 256, p0 += hop, p1 += hop, p2 += hop, p3 += hop, hop = 32 - hop) {
    Entries part;
    do {
      HIDE(p0, tables);
      part = add_group(no_entries(), p0, tables);
      if (groups == 1) break;
      HIDE(p1, tables);
      part = add_group(part, p1, tables + 64);
      if (groups == 2) break;
      HIDE(p2, tables);
      part = add_group(part, p2, tables + 128);
      if (groups == 3) break;
      HIDE(p3, tables);
      part = add_group(part, p3, tables + 192);
    } while (0);
    sums = widen(sums, part, w->pair);
    if (groups <= 4) return sums;
    groups -= 4;
  }
}
// Where it has one or two. High parts of 2^7 take two dot products.
INLINE Sums sum_few(const uint8_t *block, int32_t far, int32_t g, const uint8_t *tables, int32_t groups, const Widths *w) {
  Sums sums = sums_before(groups, w);
  for (int32_t i = 0; i < groups;) {
    Entries part = no_entries();
    for (int32_t end = groups - i < w->step ? groups : i + w->step; i < end; i++) part = add_group(part, signs_of(block, far, g + i), tables + 64 * i);
    sums = widen(sums, part, w->pair);
    if (w->shift > 6) sums = widen(sums, part, w->again);
  }
  return sums;
}
INLINE Sums sum_groups(const uint8_t *block, int32_t far, int32_t g, const uint8_t *tables, int32_t groups, const Widths *w) {
  return w->step < 4 ? sum_few(block, far, g, tables, groups, w) : sum_fours(block, far, g, tables, groups, w);
}

// Scratch of the sign product, in words: 32 sums, and 32 sums of 64 bits.
#define TOTALS 32

INLINE void add_eight(int32_t *out, vec sums) {
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(out), wasm_i32x4_extend_low_i16x8(sums)));
  wasm_v128_store(out + 4, wasm_i32x4_add(wasm_v128_load(out + 4), wasm_i32x4_extend_high_i16x8(sums)));
}
INLINE void clear(int32_t *sums) {
  for (int32_t i = 0; i < 8; i++) wasm_v128_store(sums + 4 * i, wasm_i32x4_splat(0));
}

// Any number of groups.
INLINE void sign_sums(const uint8_t *block, int32_t far, int32_t g, const uint8_t *tables, int32_t groups, const Widths *w, int32_t *out) {
  clear(out);
  for (int32_t i = 0; i < groups; i += w->chunk) {
    Sums sums = sum_groups(block, far, g + i, tables + 64 * i, groups - i < w->chunk ? groups - i : w->chunk, w);
    add_eight(out, sums.first.first);
    add_eight(out + 8, sums.first.second);
    add_eight(out + 16, sums.second.first);
    add_eight(out + 24, sums.second.second);
  }
}

// The tile's sums, shifted, into 64 bits.
INLINE void add_tile(int64_t *total, const int32_t *sums, int32_t shift) {
  for (int32_t r = 0; r < 32; r += 4) {
    vec four = wasm_v128_load(sums + r), low = wasm_i64x2_extend_low_i32x4(four), high = wasm_i64x2_extend_high_i32x4(four);
    wasm_v128_store(total + r, wasm_i64x2_add(wasm_v128_load(total + r), wasm_i64x2_shl(low, (uint32_t)shift)));
    wasm_v128_store(total + r + 2, wasm_i64x2_add(wasm_v128_load(total + r + 2), wasm_i64x2_shl(high, (uint32_t)shift)));
  }
}

// Eight sums of 16 bits times a power of two into 32 bits.
INLINE void add_short(int32_t *out, vec sums, vec factor) {
  vec zero = wasm_i32x4_splat(0);
  vec low = wasm_i16x8_shuffle(sums, zero, 0, 8, 1, 9, 2, 10, 3, 11), high = wasm_i16x8_shuffle(sums, zero, 4, 12, 5, 13, 6, 14, 7, 15);
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(out), wasm_i32x4_dot_i16x8(low, factor)));
  wasm_v128_store(out + 4, wasm_i32x4_add(wasm_v128_load(out + 4), wasm_i32x4_dot_i16x8(high, factor)));
}

// planes.ts and matmul.ts for signs. A tile has `groups` groups of columns and begins `padded` after the one before; the first is group g.
typedef struct {
  const uint8_t *tables;
  const int32_t *exponents;
  int32_t far, first, tiles, groups, padded, smallest;
} Product;

// Tiles of at most a chunk, whose sums with their shifts have 32 bits: `sums` [32] of a block of rows.
INLINE void short_tiles(const Product *f, const uint8_t *block, const Widths *w, int32_t *sums) {
  clear(sums);
  for (int32_t t = 0; t < f->tiles; t++) {
    vec factor = wasm_i32x4_splat(1 << (f->exponents[t] - f->smallest));
    Sums tile = sum_groups(block, f->far, f->first + f->padded * t, f->tables + 64 * f->padded * t, f->groups, w);
    add_short(sums, tile.first.first, factor);
    add_short(sums + 8, tile.first.second, factor);
    add_short(sums + 16, tile.second.first, factor);
    add_short(sums + 24, tile.second.second, factor);
  }
}
// Any tiles, in 64 bits.
INLINE void long_tiles(const Product *f, const uint8_t *block, const Widths *w, int32_t *sums, int64_t *total) {
  for (int32_t r = 0; r < 32; r++) total[r] = 0;
  for (int32_t t = 0; t < f->tiles; t++) {
    sign_sums(block, f->far, f->first + f->padded * t, f->tables + 64 * f->padded * t, f->groups, w, sums);
    add_tile(total, sums, f->exponents[t] - f->smallest);
  }
}

// `stride` bytes per block of rows in each plane. `largest` is that of |q|: with it a tile's sum and all tiles' shifted sums may be known to fit
// 16 and 32 bits. The usual widths are known to the compiler.
EXPORT(product_signs)
(const uint8_t *packed, int32_t far, int32_t stride, int32_t g, int32_t rows, const uint8_t *tables, const int32_t *exponents, int32_t tiles,
 int32_t groups, int32_t padded, int32_t step, int32_t chunk, int32_t shift, int32_t largest, const Group *group, int32_t fraction, int32_t *scratch,
 int64_t *y) {
  int64_t *total = (int64_t *)(scratch + TOTALS);
  int32_t smallest = group->smallest, down = group->top - fraction - smallest, spread = group->top - smallest;
  int64_t tile = (int64_t)largest * 8 * groups;
  int32_t brief = tiles > 1 && groups <= chunk && spread < 15 && tile * tiles << spread <= INT32_MAX;
  Product f = {tables, exponents, far, g, tiles, groups, padded, smallest};
  Widths w = widths_of(step, chunk, shift), usual = widths_of(4, 32, 5);
  int32_t is_usual = step == 4 && chunk == 32 && shift == 5;
  for (int32_t first = 0; first < rows; first += 32, packed += stride) {
    int32_t count = rows - first < 32 ? rows - first : 32;
    if (brief) {
      if (is_usual) short_tiles(&f, packed, &usual, scratch);
      else short_tiles(&f, packed, &w, scratch);
      for (int32_t r = 0; r < count; r++) y[first + r] = round_shift(scratch[r], down);
    } else {
      if (is_usual) long_tiles(&f, packed, &usual, scratch, total);
      else long_tiles(&f, packed, &w, scratch, total);
      for (int32_t r = 0; r < count; r++) y[first + r] = round_shift(total[r], down);
    }
  }
}
