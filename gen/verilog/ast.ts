/** The part of Verilog-2005 that the printer writes, as data. */

export type UnaryOp = '~' | '|' | '^' | '&';
export type BinaryOp = '+' | '-' | '*' | '&' | '|' | '^' | '==' | '!=' | '<' | '<<' | '>>' | '>>>';

export type Expr =
  | { readonly kind: 'name'; readonly name: string }
  /** A sized literal; `value` is the bit pattern, never negative. */
  | { readonly kind: 'literal'; readonly width: number; readonly value: bigint; readonly signed: boolean }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly a: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly a: Expr; readonly b: Expr }
  | { readonly kind: 'conditional'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: 'concat'; readonly parts: readonly Expr[] }
  | { readonly kind: 'repeat'; readonly count: number; readonly a: Expr }
  | { readonly kind: 'select'; readonly name: string; readonly high: number; readonly low: number }
  /** A word of a memory, or bits of it. */
  | {
      readonly kind: 'index';
      readonly name: string;
      readonly index: Expr;
      readonly bits: { readonly high: number; readonly low: number } | undefined;
    }
  /** A system function or a size cast, such as `$signed(a)` or `9'(a)`. */
  | { readonly kind: 'call'; readonly name: string; readonly a: Expr };

export type Statement =
  | { readonly kind: 'comment'; readonly text: string }
  | {
      readonly kind: 'check';
      readonly check: 'assert' | 'assume' | 'cover';
      readonly name: string;
      readonly condition: Expr;
    }
  | { readonly kind: 'set'; readonly target: Expr; readonly value: Expr }
  | {
      readonly kind: 'if';
      readonly test: Expr;
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    };

export interface Declared {
  readonly name: string;
  readonly width: number;
  readonly signed: boolean;
}

export type Item =
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'blank' }
  | ({ readonly kind: 'wire'; readonly value: Expr | undefined } & Declared)
  | ({
      readonly kind: 'reg';
      readonly attribute: string | undefined;
      readonly depth: number | undefined;
      readonly init: Expr | undefined;
    } & Declared)
  | { readonly kind: 'assign'; readonly target: string; readonly value: Expr }
  | {
      readonly kind: 'always';
      readonly clock: string;
      readonly reset: string | undefined;
      readonly body: readonly Statement[];
    }
  /** Contents of a memory at power-up, from word 0 on; words beyond are zero. */
  | {
      readonly kind: 'fill';
      readonly name: string;
      readonly words: readonly Expr[];
      readonly depth: number;
      readonly rest: Expr;
    }
  | {
      readonly kind: 'instance';
      readonly module: string;
      readonly name: string;
      readonly connections: readonly Connection[];
    }
  | { readonly kind: 'ifdef'; readonly define: string; readonly yes: readonly Item[]; readonly no: readonly Item[] };

export interface Connection {
  readonly port: string;
  readonly value: Expr;
}

export interface PortDecl extends Declared {
  readonly direction: 'input' | 'output';
  readonly doc: string;
}

export interface VerilogModule {
  readonly name: string;
  readonly doc: string;
  readonly ports: readonly PortDecl[];
  readonly items: readonly Item[];
}

export const name = (n: string): Expr => ({ kind: 'name', name: n });
export const unary = (op: UnaryOp, a: Expr): Expr => ({ kind: 'unary', op, a });
export const binary = (op: BinaryOp, a: Expr, b: Expr): Expr => ({ kind: 'binary', op, a, b });
