/** Fills the tables of K columns while the array reads those of the columns before: two banks in one LUT-RAM. */
import {
  bit,
  cat,
  type Inside,
  increment,
  type ModuleBuilder,
  pack,
  repeat,
  type UInt,
  uint,
} from '../../../gen/index.ts';
import type { Loaded } from '../activations.ts';
import { flagAfter, select } from '../flags.ts';
import type { MatmulInterface } from '../interface.ts';
import { counter, type Loader } from '../loader.ts';
import { type MatmulParameters, matmulWidths, tableColumns } from '../parameters.ts';
import type { Supply } from '../walk.ts';

const entries = 2 ** tableColumns;

/** What is written in a cycle: one entry of every table of C columns. */
export interface Fill {
  readonly write: UInt;
  /** Bank and entry; which C of the K columns. */
  readonly address: UInt;
  readonly chunk: UInt;
  /** [C / 4] */
  readonly values: readonly UInt[];
}

export interface Filler {
  /** C activations can be taken. */
  readonly room: UInt;
  readonly supply: Supply;
  readonly fill: Fill;
  /** The bank that a beat of weights reads, with `run`. */
  readonly bank: UInt;
  /** Shifts of the segments of a bank, at once. */
  shifts(bank: UInt): UInt;
}

/**
 * The entries of a table in the order of a Gray code, one per cycle, so that each is the one before plus or minus one activation:
 * entry b is 2^(A+1) + sum_i b_i q_i. A load takes 16 cycles.
 */
export function filler(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  { from, loaded }: { readonly from: Loader; readonly loaded: Loaded },
  { columnDone, advance }: { readonly columnDone: UInt; readonly advance: UInt },
): Filler {
  const w = matmulWidths(p);
  const { flush } = io;
  m.comment('Filler: the sums of four activations, an entry of every table per cycle.');
  const busy = m.register('filling', bit, { reset: 0 });
  const step = m.register('fill_step', uint(tableColumns));
  const fillBank = m.register('fill_bank', bit, { reset: 0 });
  const readBank = m.register('table_bank', bit, { reset: 0 });
  const held = counter(m, 'tables_held', flush);
  const ready = counter(m, 'tables_ready', flush);
  const ends = busy.and(step.eq(entries - 1)).named('fill_ends');
  const filled = ends.and(loaded.chunk.eq(w.chunks - 1)).named('tables_filled');
  const firstChunk = from.chunk.eq(0);
  const room = busy
    .not()
    .or(ends)
    .and(firstChunk.not().or(held.count.ne(2)))
    .named('fill_room');
  const read = flagAfter(m, 'tables_read', columnDone, 1, { enable: advance, flush, shown: false });
  held.step(from.load.and(firstChunk).named('tables_begun'), read.and(advance).named('tables_free'));
  ready.step(filled, columnDone);

  const code = (of: UInt): UInt => of.xor(of.shr(1).ext(of.width));
  const after = increment(step);
  const entry = code(step).named('fill_entry');
  const next = code(after).named('fill_next_entry');
  const changed = entry.xor(next).named('fill_changed');
  const high = changed.bit(3).or(changed.bit(2));
  const which = cat(high, changed.bit(3).or(changed.bit(1))).named('fill_activation');
  const less = next.and(changed).any().not().named('fill_less');
  const values = Array.from({ length: w.load / tableColumns }, (_, t) => {
    const value = m.register(`entry_${t}`, uint(w.entry));
    const four = loaded.q.slice(t * tableColumns, (t + 1) * tableColumns).map((q) => q.asSigned());
    const change = select(four, which).named(`change_${t}`).ext(w.entry).asUnsigned();
    const flip = pack(repeat(less, w.entry));
    const sum = cat(value, less)
      .add(cat(change.xor(flip), less))
      .named(`entry_${t}_sum`);
    value.next(sum.slice(w.entry, 1));
    m.when(from.load, () => value.next(2 ** (w.entry - 1)));
    return value;
  });
  m.when(busy, () => step.next(after));
  m.when(ends, () => busy.next(0));
  m.when(filled, () => fillBank.next(fillBank.not()));
  m.when(columnDone, () => readBank.next(readBank.not()));
  m.when(from.load, () => {
    busy.next(1);
    step.next(0);
  });
  m.when(flush, () => {
    busy.next(0);
    fillBank.next(0);
    readBank.next(0);
  });
  const perSegment = Math.max(1, p.segment / w.load);
  const shifts = Array.from({ length: w.chunks / perSegment }, (_, s) => {
    const memory = m.memory(`shifts_${s}`, { depth: 2, shape: loaded.shift.type, style: 'registers' });
    const here = ends.and(loaded.chunk.eq(s * perSegment)).named(`shifts_${s}_known`);
    memory.write({ address: fillBank, data: loaded.shift, enable: here });
    return memory;
  });
  return {
    room,
    shifts: (bank) => pack(shifts.map((memory, s) => memory.readNow(`shift_${s}`, bank))),
    supply: { start: from.start, present: () => ready.count.ne(0) },
    fill: { write: busy, address: cat(fillBank, entry), chunk: loaded.chunk, values },
    bank: readBank,
  };
}
