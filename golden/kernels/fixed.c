// Kernels of the fixed-point model: the same integers as golden/fixed/*.ts, which say what each computes; tests compare them bit for bit.
// Pointers are byte addresses in the memory that the host gives, which several threads share: no C library, no globals, no stack in memory.
// Rebuild with `npx tsx golden/kernels/build.ts`; a test checks that it was.

#include "fixed/arithmetic.h"
#include "fixed/projection.h"
#include "fixed/signs.h"
#include "fixed/mixer.h"
#include "fixed/scan.h"

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
