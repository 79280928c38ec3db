/** Memories in Verilog, in the forms that synthesis tools turn into block RAM and LUT-RAM. */
import type { Memory, Node, ReadPort, WritePort } from '../ir.ts';
import { binary, type Expr, type Item, name, type Statement } from './ast.ts';
import { type Expressions, literal } from './expressions.ts';

export function memoryDeclaration(m: Memory, known: string): Item[] {
  const attribute = [...styleOf(m), ...collisionsOf(m)].join(', ') || undefined;
  const words: Item = {
    kind: 'reg',
    name: known,
    width: m.width,
    signed: false,
    depth: m.depth,
    attribute,
    init: undefined,
    origin: m.location,
  };
  if (m.init === undefined) return [words];
  const contents = m.init.map((w) => literal(w, m.width));
  return [
    words,
    { kind: 'fill', name: known, words: contents, depth: m.depth, rest: literal(0n, m.width), origin: m.location },
  ];
}

const styleOf = ({ style }: Memory): string[] => (style === 'auto' ? [] : [`ram_style = "${style}"`]);

/** Yosys makes logic for what a read sees under a write, where the cells do not give it, unless it is told that nobody looks. */
const collisionsOf = ({ reads }: Memory): string[] =>
  reads.every((r) => r.underWrite === 'undefined') ? ['no_rw_check'] : [];

/** One process per clock: writes in the order of their ports, then the registered reads, which see the words before. */
export function memoryProcesses(m: Memory, known: string, values: Expressions, nameOf: (n: Node) => string): Item[] {
  const registered = m.reads.filter((r) => r.kind === 'registered');
  const clocks = [...new Set([...m.writes, ...registered].map((port) => port.clock.clock))];
  return clocks.flatMap((clock): Item[] => {
    const writes = m.writes.filter((w) => w.clock.clock === clock);
    const reads = registered.filter((r) => r.clock.clock === clock);
    const body = [
      ...writes.map((w) => writeStatement(m, known, w, values)),
      ...reads.map((r) => readStatement(m, known, r, writes, values, nameOf)),
    ];
    return [{ kind: 'blank' }, { kind: 'always', clock, reset: undefined, body }];
  });
}

const guarded = (enable: Expr | undefined, body: readonly Statement[]): Statement =>
  enable === undefined && body.length === 1
    ? body[0]!
    : { kind: 'if', test: enable ?? literal(1n, 1), yes: body, no: [] };

/** The groups of a masked word, lowest first: which bits, and the expression of their mask bit. */
function groups(m: Memory, mask: Node, values: Expressions): { high: number; low: number; on: Expr }[] {
  const size = m.width / mask.width;
  return Array.from({ length: mask.width }, (_, i) => ({
    high: (i + 1) * size - 1,
    low: i * size,
    on: values.bits(mask, i, i),
  }));
}

function writeStatement(m: Memory, known: string, w: WritePort, values: Expressions): Statement {
  const target = (bits: { high: number; low: number } | undefined): Expr => ({
    kind: 'index',
    name: known,
    index: values.unsigned(w.address),
    bits,
  });
  const enable = values.use(w.enable);
  if (w.mask === undefined)
    return guarded(enable, [
      { kind: 'set', target: target(undefined), value: values.use(w.data), origin: w.data.location },
    ]);
  const parts = groups(m, w.mask, values).map(({ high, low, on }): Statement => {
    const value = values.bits(w.data, high, low);
    return guarded(on, [
      { kind: 'set', target: target(m.width === 1 ? undefined : { high, low }), value, origin: w.data.location },
    ]);
  });
  return guarded(enable, parts);
}

function readStatement(
  m: Memory,
  known: string,
  r: ReadPort,
  writes: readonly WritePort[],
  values: Expressions,
  nameOf: (n: Node) => string,
): Statement {
  const stored: Expr = { kind: 'index', name: known, index: values.unsigned(r.address), bits: undefined };
  const value =
    r.underWrite === 'new' ? writes.reduce((word: Expr, w) => written(m, r, w, word, values), stored) : stored;
  const enable = r.enable === undefined ? undefined : values.use(r.enable);
  return guarded(enable, [{ kind: 'set', target: name(nameOf(r.node)), value, origin: r.node.location }]);
}

/** `word` as it is after write `w`, where that hits the address of `r`. */
function written(m: Memory, r: ReadPort, w: WritePort, word: Expr, values: Expressions): Expr {
  const hit = binary('&', values.use(w.enable), binary('==', values.use(w.address), values.use(r.address)));
  if (w.mask === undefined) return { kind: 'conditional', test: hit, yes: values.use(w.data), no: word };
  const size = m.width / w.mask.width;
  const wide: Expr = {
    kind: 'concat',
    parts: groups(m, w.mask, values)
      .reverse()
      .map(({ on }): Expr => (size === 1 ? on : { kind: 'repeat', count: size, a: on })),
  };
  const every: Expr = { kind: 'conditional', test: hit, yes: wide, no: literal(0n, m.width) };
  const taken = binary('&', every, values.use(w.data));
  return binary('|', taken, binary('&', { kind: 'unary', op: '~', a: every }, word));
}
