/** Faults planted in compiled kernels: one instruction of a WebAssembly module replaced by another of the same type and length. */

/** One replaced instruction. */
export interface Fault {
  /** The exported function it is in. */
  readonly kernel: string;
  /** Where in the file, and what is there instead. */
  readonly at: number;
  readonly bytes: readonly number[];
  readonly name: string;
}

/** The same place with a trap: does anything come by? */
export const trapAt = (fault: Fault): Fault => ({
  ...fault,
  bytes: fault.bytes.map((_, i) => (i === 0 ? 0x00 : 0x01)),
});

/** The file with the fault in it. */
export function plant(module: Uint8Array, { at, bytes }: Fault): Uint8Array {
  const faulty = new Uint8Array(module);
  faulty.set(bytes, at);
  return faulty;
}

/** Instructions that have an opposite. None of them counts a loop: a planted fault ends. */
const OPPOSITES: readonly (readonly [prefix: number, code: number, name: string, instead: number])[] = [
  ...both(0, 0x7c, 'i64.add', 0x7d, 'i64.sub'),
  ...both(0, 0x86, 'i64.shl', 0x87, 'i64.shr_s'),
  [0, 0x7e, 'i64.mul', 0x7c],
  ...both(0, 0xa0, 'f64.add', 0xa1, 'f64.sub'),
  ...both(0xfd, 0x6e, 'i8x16.add', 0x71, 'i8x16.sub'),
  ...both(0xfd, 0x76, 'i8x16.min_s', 0x78, 'i8x16.max_s'),
  ...both(0xfd, 0x65, 'i8x16.narrow_i16x8_s', 0x66, 'i8x16.narrow_i16x8_u'),
  ...both(0xfd, 0x8e, 'i16x8.add', 0x91, 'i16x8.sub'),
  ...both(0xfd, 0x8f, 'i16x8.add_sat_s', 0x92, 'i16x8.sub_sat_s'),
  [0xfd, 0x8c, 'i16x8.shr_s', 0x8d],
  [0xfd, 0x8d, 'i16x8.shr_u', 0x8b],
  ...both(0xfd, 0x96, 'i16x8.min_s', 0x98, 'i16x8.max_s'),
  [0xfd, 0x95, 'i16x8.mul', 0x8e],
  ...both(0xfd, 0xae, 'i32x4.add', 0xb1, 'i32x4.sub'),
  ...both(0xfd, 0xac, 'i32x4.shr_s', 0xad, 'i32x4.shr_u'),
  ...both(0xfd, 0xb6, 'i32x4.min_s', 0xb8, 'i32x4.max_s'),
  [0xfd, 0xb5, 'i32x4.mul', 0xae],
  [0xfd, 0xba, 'i32x4.dot_i16x8_s', 0xb5],
  ...both(0xfd, 0xce, 'i64x2.add', 0xd1, 'i64x2.sub'),
  ...both(0xfd, 0xcb, 'i64x2.shl', 0xcc, 'i64x2.shr_s'),
  ...both(0xfd, 0xdc, 'i64x2.extmul_low_i32x4_s', 0xdd, 'i64x2.extmul_high_i32x4_s'),
  ...both(0xfd, 0xf0, 'f64x2.add', 0xf1, 'f64x2.sub'),
  ...both(0xfd, 0x75, 'f64x2.floor', 0x74, 'f64x2.ceil'),
  ...both(0xfd, 0x4e, 'v128.and', 0x50, 'v128.or'),
  [0xfd, 0x111, 'i16x8.relaxed_q15mulr_s', 0x95],
  [0xfd, 0x112, 'i16x8.relaxed_dot_i8x16_i7x16_s', 0x8e],
];

function both(prefix: number, a: number, nameA: string, b: number, nameB: string) {
  return [[prefix, a, nameA, b] as const, [prefix, b, nameB, a] as const];
}

/** Every fault that can be planted, in the order of the file. Errors: instructions that no kernel has yet. */
export function faultsOf(module: Uint8Array): Fault[] {
  const names = new Map<number, string>();
  const faults: Fault[] = [];
  const at = cursor(module, 8);
  while (at.more()) {
    const [section, length] = [at.byte(), at.unsigned()];
    const end = at.position() + length;
    if (section === 7) readExports(at, names);
    if (section === 10)
      for (let i = 0, n = at.unsigned(); i < n; i++) faults.push(...faultsIn(at, names.get(i) ?? `function ${i}`));
    at.seek(end);
  }
  return faults;
}

type Cursor = ReturnType<typeof cursor>;

function cursor(bytes: Uint8Array, from: number) {
  let at = from;
  const unsigned = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  return {
    position: () => at,
    more: () => at < bytes.length,
    seek(to: number) {
      at = to;
    },
    skip(count: number) {
      at += count;
    },
    byte: () => bytes[at++]!,
    unsigned,
    text(length: number) {
      at += length;
      return Buffer.from(bytes.subarray(at - length, at)).toString();
    },
  };
}

/** Functions by their index: the module imports none. */
function readExports(at: Cursor, names: Map<number, string>): void {
  for (let i = 0, n = at.unsigned(); i < n; i++) {
    const name = at.text(at.unsigned());
    const kind = at.byte();
    const index = at.unsigned();
    if (kind === 0) names.set(index, name);
  }
}

function faultsIn(at: Cursor, kernel: string): Fault[] {
  const size = at.unsigned();
  const end = at.position() + size;
  for (let i = 0, n = at.unsigned(); i < n; i++) {
    at.unsigned();
    at.byte();
  }
  const faults: Fault[] = [];
  while (at.position() < end) {
    const start = at.position();
    const first = at.byte();
    const prefix = first >= 0xfc ? first : 0;
    const code = prefix === 0 ? first : at.unsigned();
    const length = at.position() - start;
    for (const [p, c, name, instead] of OPPOSITES) {
      if (p !== prefix || c !== code) continue;
      const bytes = prefix === 0 ? [instead] : [prefix, ...encode(instead, length - 1)];
      faults.push({ kernel, at: start, bytes, name });
    }
    skipImmediates(at, prefix, code);
  }
  return faults;
}

/** LEB128 of this many bytes. */
function encode(value: number, length: number): number[] {
  return Array.from({ length }, (_, i) => ((value >>> (7 * i)) & 127) | (i < length - 1 ? 128 : 0));
}

/** What follows an instruction: so many LEB128 numbers, or so many bytes. Errors: instructions that no kernel has yet. */
function skipImmediates(at: Cursor, prefix: number, code: number): void {
  const [numbers, bytes] = prefix === 0xfd ? simdImmediates(code) : prefix === 0 ? plainImmediates(at, code) : [];
  if (numbers === undefined || bytes === undefined) {
    if (prefix === 0xfc && code < 8) return; // Saturating conversions.
    throw new Error(`an instruction that no kernel had before: ${prefix.toString(16)} ${code.toString(16)}`);
  }
  for (let i = 0; i < numbers; i++) at.unsigned();
  at.skip(bytes);
}

type Immediates = readonly [numbers: number, bytes: number] | readonly [];

function simdImmediates(code: number): Immediates {
  if (code <= 11 || code === 92 || code === 93) return [2, 0]; // Loads and stores.
  if (code >= 84 && code <= 91) return [2, 1]; // Those of a lane.
  if (code === 12 || code === 13) return [0, 16]; // Constants, shuffles.
  if (code >= 21 && code <= 34) return [0, 1]; // Lanes.
  return [0, 0];
}

/** Instructions with one immediate: blocks, branches, calls, variables, constants; and those without, but for arithmetic. */
const ONE = [0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x41, 0x42];
const NONE = [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b];

function plainImmediates(at: Cursor, code: number): Immediates {
  if (code >= 0x28 && code <= 0x3e) return [2, 0]; // Loads and stores.
  if (code === 0x44) return [0, 8]; // f64.const
  if (code === 0x0e) return [at.unsigned() + 1, 0]; // br_table
  if (ONE.includes(code)) return [1, 0];
  return NONE.includes(code) || (code >= 0x45 && code <= 0xc4) ? [0, 0] : [];
}
