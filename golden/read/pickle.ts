import { excerpt, GoldenProblem } from '../problem.ts';

/** A value of a pickle: only what a state dictionary of tensors is made of. Globals and calls are data here; nothing is executed. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | PickledTuple
  | Pickled[]
  | Map<Pickled, Pickled>
  | { readonly global: string }
  | { readonly storage: readonly Pickled[] }
  | TensorRecord;

interface PickledTuple {
  readonly tuple: readonly Pickled[];
}

/** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...), offsets and strides in elements. */
export interface TensorRecord {
  readonly storageType: string;
  readonly storageKey: string;
  readonly storageCount: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const STORAGES = [
  'FloatStorage',
  'HalfStorage',
  'BFloat16Storage',
  'DoubleStorage',
  'LongStorage',
  'IntStorage',
  'ShortStorage',
  'CharStorage',
  'ByteStorage',
  'BoolStorage',
];
const GLOBALS = new Set([
  ...STORAGES.map((name) => `torch ${name}`),
  'torch._utils _rebuild_tensor_v2',
  'torch._utils _rebuild_parameter',
  'collections OrderedDict',
]);

/** Values that a pickle may hold; a checkpoint has a few thousand. */
const MAX_VALUES = 2_000_000;
const MARK = Symbol('mark');
type Slot = Pickled | typeof MARK;

const isTuple = (v: Slot | undefined): v is PickledTuple => typeof v === 'object' && v !== null && 'tuple' in v;
const isTensor = (v: Pickled): v is TensorRecord => typeof v === 'object' && v !== null && 'storageKey' in v;

/**
 * Reads a state dictionary: tensors by name, in order. The pickle machine's opcodes (protocol 2 to 4) that plain state dictionaries use are
 * interpreted as data; any other opcode or global is refused by name. Errors: `pickle-refused`.
 */
export function readStateDict(bytes: Uint8Array, where: string): ReadonlyMap<string, TensorRecord> {
  const value = unpickle(bytes, where);
  if (!(value instanceof Map)) return refuse(where, 'the pickle', 'a dictionary of tensors', 'something else');
  const tensors = new Map<string, TensorRecord>();
  for (const [name, tensor] of value) {
    if (typeof name !== 'string') return refuse(where, 'a key', 'the name of a tensor', 'something else');
    if (name === '_metadata') continue;
    if (!isTensor(tensor)) return refuse(where, `entry '${excerpt(name)}'`, 'a tensor', 'something else');
    tensors.set(name, tensor);
  }
  return tensors;
}

/** The machine: a stack, marks and a memo; one loop, no recursion. */
function unpickle(bytes: Uint8Array, where: string): Pickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Slot[] = [];
  const memo = new Map<number, Pickled>();
  let at = 0;
  let made = 0;
  const bad = (what: string, expected: string, found: string): never =>
    refuse(`${where}, byte ${at}`, what, expected, found);
  const take = (count: number): number => {
    if (count > bytes.length - at) bad('the pickle', 'more bytes', 'its end');
    at += count;
    return at - count;
  };
  const text = (count: number): string => {
    const from = take(count);
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, count).toString('utf8');
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0) bad('a name', 'its end', 'the end of the pickle');
    const name = text(end - at);
    at++;
    return name;
  };
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value === MARK) return bad('the stack', 'a value', 'none');
    return value as Pickled;
  };
  const popToMark = (): Pickled[] => {
    const from = stack.lastIndexOf(MARK);
    if (from < 0) bad('the stack', 'a mark', 'none');
    const values = stack.splice(from) as Pickled[];
    return values.slice(1);
  };
  const top = (): Pickled => {
    const value = stack.at(-1);
    if (value === undefined || value === MARK) return bad('the stack', 'a value', 'none');
    return value as Pickled;
  };
  const push = (value: Slot): void => {
    if (++made > MAX_VALUES) bad('the pickle', `at most ${MAX_VALUES} values`, 'more');
    stack.push(value);
  };
  const pushGlobal = (module: string, name: string): void => {
    const global = `${module} ${name}`;
    if (!GLOBALS.has(global))
      bad('a global', 'only tensors, their storages and OrderedDict', excerpt(global.replace(' ', '.')));
    push({ global });
  };
  const setItems = (pairs: readonly Pickled[]): void => {
    const into = top();
    if (into instanceof Map && pairs.length % 2 === 0) {
      for (let i = 0; i < pairs.length; i += 2) into.set(pairs[i]!, pairs[i + 1]!);
    } else bad('items', 'a dictionary to hold them', 'something else');
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) bad('the memo', 'a value kept before', `none at ${index}`);
    push(value as Pickled);
  };
  const signed = (count: number): number => {
    if (count > 8) bad('an integer', 'at most 8 bytes', `${count}`);
    const from = take(count);
    let value = 0n;
    for (let i = 0; i < count; i++) value |= BigInt(bytes[from + i]!) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * count, value));
  };
  const operations: Record<number, () => void> = {
    [0x80]: () => void take(1), // PROTO
    [0x95]: () => void take(8), // FRAME
    [0x28]: () => push(MARK), // MARK
    [0x30]: () => void pop(), // POP
    [0x4e]: () => push(null), // NONE
    [0x88]: () => push(true), // NEWTRUE
    [0x89]: () => push(false), // NEWFALSE
    [0x4b]: () => push(bytes[take(1)]!), // BININT1
    [0x4d]: () => push(view.getUint16(take(2), true)), // BININT2
    [0x4a]: () => push(view.getInt32(take(4), true)), // BININT
    [0x47]: () => push(view.getFloat64(take(8))), // BINFLOAT
    [0x8a]: () => push(signed(bytes[take(1)]!)), // LONG1
    [0x58]: () => push(text(view.getUint32(take(4), true))), // BINUNICODE
    [0x8c]: () => push(text(bytes[take(1)]!)), // SHORT_BINUNICODE
    [0x55]: () => push(text(bytes[take(1)]!)), // SHORT_BINSTRING
    [0x29]: () => push({ tuple: [] }), // EMPTY_TUPLE
    [0x85]: () => push({ tuple: [pop()] }), // TUPLE1
    [0x86]: () => push({ tuple: [pop(), pop()].reverse() }), // TUPLE2
    [0x87]: () => push({ tuple: [pop(), pop(), pop()].reverse() }), // TUPLE3
    [0x74]: () => push({ tuple: popToMark() }), // TUPLE
    [0x5d]: () => push([]), // EMPTY_LIST
    [0x7d]: () => push(new Map()), // EMPTY_DICT
    [0x61]: () => append([pop()]), // APPEND
    [0x65]: () => append(popToMark()), // APPENDS
    [0x73]: () => setItems([pop(), pop()].reverse()), // SETITEM
    [0x75]: () => setItems(popToMark()), // SETITEMS
    [0x71]: () => void memo.set(bytes[take(1)]!, top()), // BINPUT
    [0x72]: () => void memo.set(view.getUint32(take(4), true), top()), // LONG_BINPUT
    [0x94]: () => void memo.set(memo.size, top()), // MEMOIZE
    [0x68]: () => recall(bytes[take(1)]!), // BINGET
    [0x6a]: () => recall(view.getUint32(take(4), true)), // LONG_BINGET
    [0x63]: () => pushGlobal(line(), line()), // GLOBAL
    [0x93]: () => {
      const [name, module] = [pop(), pop()]; // STACK_GLOBAL
      pushGlobal(String(module), String(name));
    },
    [0x51]: () => push(storage(pop())), // BINPERSID
    [0x52]: () => {
      const [args, called] = [pop(), pop()]; // REDUCE
      push(rebuild(called, args));
    },
    [0x62]: () => build(pop(), top()), // BUILD
  };
  function append(values: readonly Pickled[]): void {
    const into = top();
    if (Array.isArray(into)) values.forEach((value) => void into.push(value));
    else bad('an element', 'a list to hold it', 'something else');
  }
  /** What an OrderedDict carries besides its items (`_metadata`: versions of modules) has no effect. */
  function build(_state: Pickled, target: Pickled): void {
    if (!(target instanceof Map)) bad('BUILD', 'a dictionary', 'something else');
  }
  function storage(id: Pickled): Pickled {
    if (!isTuple(id) || id.tuple.length !== 5 || id.tuple[0] !== 'storage')
      return bad('a persistent id', "('storage', type, key, location, count)", 'something else');
    return { storage: id.tuple };
  }
  function rebuild(called: Pickled, args: Pickled): Pickled {
    if (typeof called !== 'object' || called === null || !('global' in called) || !isTuple(args))
      return bad('a call', 'a known function', 'something else');
    if (called.global === 'collections OrderedDict' && args.tuple.length === 0) return new Map();
    if (called.global === 'torch._utils _rebuild_parameter' && isTensor(args.tuple[0] ?? null)) return args.tuple[0]!;
    if (called.global === 'torch._utils _rebuild_tensor_v2') return tensorOf(args.tuple, bad);
    return bad('a call', 'a tensor, a parameter or an empty OrderedDict', excerpt(called.global.replace(' ', '.')));
  }
  while (at < bytes.length) {
    const opcode = bytes[take(1)]!;
    if (opcode === 0x2e) return pop(); // STOP
    const operation = operations[opcode];
    if (operation === undefined) bad('an opcode', 'one that state dictionaries of tensors use', opcodeName(opcode));
    else operation();
  }
  return bad('the pickle', 'STOP', 'its end');
}

/** Opcodes of the pickle machine that are not interpreted (Python, Lib/pickletools.py). */
const OTHER_OPCODES =
  'I INT, L LONG, \x8b LONG4, F FLOAT, S STRING, T BINSTRING, V UNICODE, \x8d BINUNICODE8, B BINBYTES, C SHORT_BINBYTES, ' +
  '\x8e BINBYTES8, \x96 BYTEARRAY8, \x97 NEXT_BUFFER, \x98 READONLY_BUFFER, l LIST, d DICT, \x8f EMPTY_SET, \x90 ADDITEMS, ' +
  '\x91 FROZENSET, 1 POP_MARK, 2 DUP, p PUT, g GET, P PERSID, i INST, o OBJ, \x81 NEWOBJ, \x92 NEWOBJ_EX, \x82 EXT1, ' +
  '\x83 EXT2, \x84 EXT4';
const OPCODE_NAMES = new Map(
  OTHER_OPCODES.split(', ').map((entry): [number, string] => [entry.charCodeAt(0), entry.slice(2)]),
);

function opcodeName(opcode: number): string {
  const code = `0x${opcode.toString(16).padStart(2, '0')}`;
  const name = OPCODE_NAMES.get(opcode);
  return name === undefined ? code : `${name} (${code})`;
}

type Bad = (what: string, expected: string, found: string) => never;

function tensorOf([source, offset, size, stride, , , metadata]: readonly Pickled[], bad: Bad): TensorRecord {
  const wholes = (v: Pickled | undefined): readonly number[] => {
    const good =
      isTuple(v) && v.tuple.length <= 8 && v.tuple.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
    return good
      ? (v.tuple as readonly number[])
      : bad('a tensor', 'sizes and strides of at most 8 whole numbers', 'something else');
  };
  if (typeof source !== 'object' || source === null || !('storage' in source))
    return bad('a tensor', 'a storage', 'something else');
  const [, type, key, , count] = source.storage;
  const global = typeof type === 'object' && type !== null && 'global' in type ? type.global : '';
  if (!global.startsWith('torch ') || typeof key !== 'string' || !Number.isSafeInteger(count))
    return bad('a storage', 'type, key, location, count', 'something else');
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) return bad('a tensor', 'an offset', 'something else');
  // Negated and conjugated views are marked so.
  if (metadata instanceof Map && metadata.size > 0) return bad('a tensor', 'no metadata of its own', 'some');
  const [shape, strides] = [wholes(size), wholes(stride)];
  if (shape.length !== strides.length)
    return bad('a tensor', 'as many strides as sizes', `${strides.length} and ${shape.length}`);
  return {
    storageType: global.slice(6),
    storageKey: key,
    storageCount: count as number,
    offset: offset as number,
    shape,
    strides,
  };
}

function refuse(where: string, what: string, expected: string, found: string): never {
  throw new GoldenProblem({
    id: 'pickle-refused',
    what: `the checkpoint's pickle holds what a state dictionary of tensors does not: ${what}`,
    where,
    expected,
    found,
    remedy:
      'only plain state dictionaries are read, and nothing in them is executed: torch.save(model.state_dict(), ...)',
  });
}
