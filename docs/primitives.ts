/** The page that shows how every primitive prints, made by the printers: `npm run docs` writes docs/primitives.md. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Bits,
  bit,
  cat,
  type Design,
  defineModule,
  input,
  output,
  printFirrtl,
  printVerilog,
  type Signal,
  sint,
  type Tag,
  uint,
} from '../gen/index.ts';

const operands = {
  a: input(uint(4), ''),
  b: input(uint(4), ''),
  s: input(sint(4), ''),
  t: input(sint(4), ''),
  n: input(uint(3), ''),
  c: input(bit, ''),
};

/** What is written in TypeScript, and the type of its value. */
type Example = readonly [code: string, type: Bits];

/** A tag that is added to the IR needs its examples here. */
const examples: { readonly [T in Tag]: readonly Example[] } = {
  const: [
    ['m.constant(uint(4), 9)', uint(4)],
    ['m.constant(sint(4), -3)', sint(4)],
  ],
  input: [['a', uint(4)]],
  wire: [["const w = m.wire('w', uint(4)); w.drive(a); return w;", uint(4)]],
  reg: [
    ["m.delay('q', a)", uint(4)],
    ["m.delay('q', a, { enable: c, reset: 5 })", uint(4)],
  ],
  read: [
    [
      "const w = m.memory('words', { depth: 16, shape: uint(4) }); w.write({ address: a, data: b, enable: c }); return w.read('word', b);",
      uint(4),
    ],
    [
      "const w = m.memory('words', { depth: 16, shape: uint(4) }); w.write({ address: a, data: b, enable: c }); return w.readNow('word', b);",
      uint(4),
    ],
  ],
  result: [["const i = m.instance('inner', inner); i.x.drive(a); return i.y;", uint(4)]],
  not: [
    ['a.not()', uint(4)],
    ['a.ne(b)', bit],
    ['a.ge(b)', bit],
  ],
  popcount: [['a.popcount()', uint(3)]],
  any: [['a.any()', bit]],
  parity: [['a.parity()', bit]],
  resize: [
    ['a.ext(6)', uint(6)],
    ['s.ext(6)', sint(6)],
    ['a.asSigned()', sint(4)],
    ['a.add(b).trunc(4)', uint(4)],
  ],
  slice: [
    ['cat(s.bit(3), s.slice(2, 0))', uint(4)],
    ['a.add(b).slice(4, 1)', uint(4)],
  ],
  add: [
    ['a.add(b)', uint(5)],
    ['s.add(t)', sint(5)],
    ['s.add(1)', sint(5)],
  ],
  sub: [
    ['a.sub(b)', sint(5)],
    ['s.sub(t)', sint(5)],
  ],
  mul: [
    ['a.mul(b)', uint(8)],
    ['s.mul(t)', sint(8)],
  ],
  and: [['a.and(b)', uint(4)]],
  or: [['a.or(b)', uint(4)]],
  xor: [['a.xor(b)', uint(4)]],
  eq: [
    ['a.eq(b)', bit],
    ['s.eq(-1)', bit],
  ],
  lt: [
    ['a.lt(b)', bit],
    ['s.lt(-3)', bit],
    ['a.gt(9)', bit],
  ],
  shl: [['a.shiftLeft(n, 8)', uint(8)]],
  shr: [
    ['a.shiftRight(n)', uint(4)],
    ['s.shiftRight(n)', sint(4)],
  ],
  mux: [['c.mux(s, t)', sint(4)]],
  cat: [['cat(a, s, c, c)', uint(10)]],
};

const inner = defineModule(
  { name: 'inner', doc: '', ports: { x: input(uint(4), ''), y: output(uint(4), '') } },
  (_m, { x, y }) => y.drive(x),
);

/** A module that drives `y` with the value of `code`, and has the operands that it names as inputs. */
function moduleOf([code, type]: Example): Design {
  const used = Object.entries(operands).filter(([name]) => new RegExp(`\\b${name}\\b(?!')`).test(code));
  const ports = { ...Object.fromEntries(used), y: output(type, '') };
  const scope = { uint, sint, cat, inner };
  const names = ['m', ...Object.keys(scope), ...used.map(([name]) => name)];
  const build = new Function(...names, code.includes('return') ? code : `return ${code};`) as (
    ...values: unknown[]
  ) => Signal;
  return defineModule({ name: 'example', doc: '', ports }, (m, io) => {
    const inputs = io as Readonly<Record<string, Signal>> & { readonly y: { drive(value: Signal): void } };
    inputs.y.drive(build(m, ...Object.values(scope), ...used.map(([name]) => inputs[name])));
  });
}

/** The lines of `text` behind the first that matches `from`, without empty ones and without their indentation. */
function body(text: string, from: RegExp, indent: number, frame: RegExp): string {
  const lines = text.split('\n');
  return lines
    .slice(lines.findIndex((line) => from.test(line)) + 1)
    .filter((line) => line !== '' && !frame.test(line))
    .map((line) => line.slice(indent))
    .join('\n');
}

function exampleText(example: Example): string {
  const design = moduleOf(example);
  const firrtl = printFirrtl(design);
  const verilog = body(printVerilog(design).files.at(-1)!.text, /^\);/, 2, /^endmodule/);
  const lines = [
    ...['```ts', example[0].replaceAll('; ', ';\n'), '```', ''],
    ...['```verilog', verilog, '```', ''],
    ...(firrtl.text === undefined
      ? []
      : ['```firrtl', body(firrtl.text, /^ {2}public module /, 4, /^ {4}(in|out)put /), '```', '']),
  ];
  return lines.join('\n');
}

export function primitivesPage(): string {
  const head = [
    '# How every primitive prints',
    '',
    'Written by `npm run docs` with the printers themselves; a test fails when it is out of date. Operands: `a`, `b` are `uint(4)`, `s`, `t` are',
    '`sint(4)`, `n` is `uint(3)`, `c` is a bit; `y` is the output. Verilog first, FIRRTL below it.',
    '',
  ];
  const sections = Object.entries(examples).map(([tag, list]) => `## ${tag}\n\n${list.map(exampleText).join('\n')}`);
  return `${head.join('\n')}\n${sections.join('\n')}`;
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) writeFileSync(self.replace(/\.ts$/, '.md'), primitivesPage());
