/** Which bits of the declared names are read: the others are gathered in a net that says so. */
import { type Expr, type Item, name } from './ast.ts';
import { literal } from './expressions.ts';

export class Usage {
  readonly name: string;
  readonly width: number;
  /** One bit per bit of the value that something reads. */
  #read = 0n;
  #whole = false;

  constructor(name: string, width: number) {
    this.name = name;
    this.width = width;
  }

  use(high: number, low: number): void {
    if (high - low + 1 === this.width) this.#whole = true;
    else this.#read |= ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
  }

  /** The runs of bits that nothing reads; they count as read from then on. */
  unused(): Expr[] {
    if (this.#whole) return [];
    this.#whole = true;
    const all = (1n << BigInt(this.width)) - 1n;
    let rest = all & ~this.#read;
    if (rest === all) return [name(this.name)];
    const runs: Expr[] = [];
    while (rest !== 0n) {
      const high = rest.toString(2).length - 1;
      let low = high;
      while (low > 0 && (rest >> BigInt(low - 1)) & 1n) low--;
      runs.push({ kind: 'select', name: this.name, high, low });
      rest &= (1n << BigInt(low)) - 1n;
    }
    return runs;
  }
}

/** Bits that nothing reads, in one net whose name tells linters that this is meant; `unique` makes the name. */
export function* unusedBits(all: Iterable<Usage>, unique: (wish: string) => string): Generator<Item> {
  const parts: Expr[] = [];
  for (const usage of all) parts.push(...usage.unused());
  if (parts.length === 0) return;
  const value: Expr = { kind: 'unary', op: '&', a: { kind: 'concat', parts: [literal(0n, 1), ...parts] } };
  yield { kind: 'blank' };
  yield { kind: 'comment', text: 'Bits that are dropped on purpose.' };
  yield { kind: 'wire', name: unique('unused'), width: 1, signed: false, value, origin: undefined };
}
