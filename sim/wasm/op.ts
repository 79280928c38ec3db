/** The opcodes of WebAssembly 1.0 (and bulk memory) that the simulator uses, by their names in the specification. */
export const op = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  i64Load8Unsigned: 0x31,
  i64Load16Unsigned: 0x33,
  i64Load32Unsigned: 0x35,
  i64Store: 0x37,
  i64Store8: 0x3c,
  i64Store16: 0x3d,
  i64Store32: 0x3e,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtSigned: 0x53,
  i64LtUnsigned: 0x54,
  i64GeUnsigned: 0x5a,
  i64Popcnt: 0x7b,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrSigned: 0x87,
  i64ShrUnsigned: 0x88,
  i32WrapI64: 0xa7,
  i64ExtendI32Unsigned: 0xad,
  i64Extend8Signed: 0xc2,
  i64Extend16Signed: 0xc3,
  i64Extend32Signed: 0xc4,
  prefixBulk: 0xfc,
  prefixVector: 0xfd,
} as const;

export type Op = (typeof op)[keyof typeof op];
export const memoryCopy = 0x0a;
export const v128Load = 0x00;
export const v128Store = 0x0b;

/** Value and block types. */
export const type = { i32: 0x7f, i64: 0x7e, v128: 0x7b, empty: 0x40 } as const;
export type ValueType = typeof type.i32 | typeof type.i64;
