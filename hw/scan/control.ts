/** Control of the scan: walks heads, rows and tiles of a token, one beat of L state elements per step. */
import {
  addressWidth,
  atMost,
  type Bits,
  bit,
  type Inside,
  increment,
  lessBy,
  type ModuleBuilder,
  type RegisterHandle,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';
import type { ScanInterface } from './unit.ts';

export interface Control {
  /** The pipeline moves: its last stage is empty or taken. */
  readonly advance: UInt;
  /** A beat of B and C is taken, for word `loadWord` of the buffer; it holds `valid` elements, 1 to L. */
  readonly load: UInt;
  readonly loadWord: UInt;
  readonly remaining: UInt;
  /** A beat of the scan starts. */
  readonly issue: UInt;
  /** It is the first of its head, the first of its row, the last of its row, the last of the token. */
  readonly newHead: UInt;
  readonly newRow: UInt;
  readonly rowDone: UInt;
  readonly tokenDone: UInt;
  readonly stateWord: UInt;
  readonly inputWord: UInt;
  readonly clear: UInt;
  /** 1 while beats are on their way through the pipeline: driven by the datapath. */
  readonly draining: { drive(value: UInt): void };
}

export function control(m: ModuleBuilder, io: Inside<ScanInterface>, p: ScanParameters): Control {
  const w = scanWidths(p);
  m.comment('Control: take the descriptor, load B and C of every group, then walk heads, rows and tiles.');
  const loading = m.register('loading', bit, { reset: 0 });
  const running = m.register('running', bit, { reset: 0 });
  const draining = m.wire('draining', bit);
  const advance = io.y.ready.or(io.y.valid.not()).named('advance');
  const idle = loading.or(running).or(draining).not().named('idle');
  const start = io.token.valid.and(idle).named('start');
  io.token.ready.drive(idle);
  const { heads, heads_per_group, head_dim, d_state, tiles, base, clear } = io.token.payload;
  const kept = <T extends typeof heads>(name: string, value: T): UInt =>
    m.located(() => m.delay(name, value, { enable: start }), kept);
  const size = {
    headsPerGroup: kept('heads_per_group', heads_per_group),
    headDim: kept('head_dim', head_dim),
    state: kept('d_state', d_state),
    tiles: kept('tiles', tiles),
    clear: kept('clear', clear),
  };

  m.comment('Loading: group by group, tile by tile; `remaining` counts the state elements of the group that are left.');
  const load = io.bc.valid.and(loading).named('load');
  io.bc.ready.drive(loading);
  const wordBits = addressWidth(w.inputDepth);
  const loadWord = m.register('load_word', uint(wordBits));
  loadWord.next(start.mux(m.constant(uint(wordBits), 0), load.mux(increment(loadWord), loadWord)));
  const remaining = m.register('remaining', uint(w.state));
  const lastOfGroup = atMost(remaining, p.lanes).named('last_of_group');
  const fewer = lastOfGroup.mux(size.state, lessBy(remaining, p.lanes));
  remaining.next(start.mux(d_state, load.mux(fewer, remaining)));
  const loadHeads = m.register('load_heads', uint(w.heads));
  const groupLoaded = load.and(lastOfGroup).named('group_loaded');
  const lastGroup = loadHeads.eq(size.headsPerGroup).named('last_group');
  const headsAfter = lessBy(loadHeads, size.headsPerGroup);
  loadHeads.next(start.mux(heads, groupLoaded.mux(headsAfter, loadHeads)));
  const loaded = groupLoaded.and(lastGroup).named('loaded');

  m.comment("Running: a row needs its x, and the first row of a head the head's scalars.");
  const tilesLeft = m.register('tiles_left', uint(w.tiles));
  const rowsLeft = m.register('rows_left', uint(w.headDim));
  const headsLeft = m.register('heads_left', uint(w.heads));
  const groupLeft = m.register('group_left', uint(w.heads));
  const newRow = tilesLeft.eq(size.tiles).named('new_row');
  const newHead = newRow.and(rowsLeft.eq(size.headDim)).named('new_head');
  const supplied = newRow.not().or(io.x.valid).and(newHead.not().or(io.head.valid)).named('supplied');
  const issue = running.and(advance).and(supplied).named('issue');
  io.x.ready.drive(issue.and(newRow));
  io.head.ready.drive(issue.and(newHead));
  const rowDone = tilesLeft.eq(1).named('row_done');
  const headDone = rowDone.and(rowsLeft.eq(1)).named('head_done');
  const groupDone = headDone.and(groupLeft.eq(1)).named('group_done');
  const tokenDone = headDone.and(headsLeft.eq(1)).named('token_done');
  const count = (left: RegisterHandle<Bits<'unsigned'>>, step: UInt, again: UInt, first: UInt, done: UInt): void => {
    const fewerLeft = done.mux(again, lessBy(left, 1));
    left.next(start.mux(first, issue.and(step).mux(fewerLeft, left)));
  };
  const always = m.constant(bit, 1);
  count(tilesLeft, always, size.tiles, tiles, rowDone);
  count(rowsLeft, rowDone, size.headDim, head_dim, headDone);
  count(groupLeft, headDone, size.headsPerGroup, heads_per_group, groupDone);
  count(headsLeft, headDone, headsLeft, heads, tokenDone);

  m.comment("Addresses: state words in order; B and C start again with every row, at the words of the head's group.");
  const stateWord = m.register('state_word', uint(w.stateAddress));
  stateWord.next(start.mux(base, issue.mux(increment(stateWord), stateWord)));
  const inputWord = m.register('input_word', uint(wordBits));
  const groupWord = m.register('group_word', uint(wordBits));
  const nextWord = increment(inputWord);
  const rowStart = groupDone.mux(nextWord, groupWord);
  const zero = m.constant(uint(wordBits), 0);
  inputWord.next(start.mux(zero, issue.mux(rowDone.mux(rowStart, nextWord), inputWord)));
  groupWord.next(start.mux(zero, issue.and(groupDone).mux(nextWord, groupWord)));

  loading.next(start.or(loading.and(loaded.not())));
  running.next(loaded.or(running.and(issue.and(tokenDone).not())));
  return {
    advance,
    load,
    loadWord,
    remaining,
    issue,
    newHead,
    newRow,
    rowDone,
    tokenDone,
    stateWord,
    inputWord,
    clear: size.clear,
    draining,
  };
}
