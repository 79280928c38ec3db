/**
 * The scan without its state: state comes as a stream and goes back as a stream.
 *
 *     token --+--> prepare <-- head, x ---- rows --.
 *             +--> inputs <--- B, C --------- b c -|-> issue --> Q rows of L lanes --> sum --> + D x --> FIFO --> y
 *             '--> noise -----------.     state ---'       |            |
 *                                   v                      |            v S'
 *     new state <-- round <---------+------- row buffer <--|------------'
 *                                                exponents of complete rows
 *
 * Up to the row buffer and y's FIFO the pipeline never stalls: a beat is issued when there is room for what it leaves.
 */
import {
  bit,
  type Design,
  defineModule,
  type Given,
  increment,
  type ModuleBuilder,
  pack,
  type RecordShape,
  sink,
  sum,
  type Taken,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { connect, fifo, skidBuffer, through } from '../../gen/stream/index.ts';
import { flagStages, underWay } from '../lanes/counters.ts';
import { only } from './fields.ts';
import { inputBuffer } from './inputs.ts';
import {
  activationPorts,
  exponentPorts,
  inputTokenShape,
  noiseTokenShape,
  preparedTokenShape,
  statePorts,
  tokenShape,
} from './interface.ts';
import { fieldsIf, isStochastic, rowFormat, type ScanParameters, scanWidths } from './parameters.ts';
import { preparedShape, prepareRows } from './prepare.ts';
import { rowUnit } from './row.ts';
import { writeBack } from './write-back.ts';

type TokenShape = ReturnType<typeof tokenShape>;
/** Tokens that wait between the parts, the one that is shown included. */
export const tokensAhead = 2;
/** Row groups that wait for y to be taken before the pipeline may run dry, beside those that it holds. */
export const spareRows = 4;

export const scanCoreInterface = (p: ScanParameters) => ({
  token: sink(
    tokenShape(p),
    'one token of one layer: its sizes, tiles = ceil(d_state / L), and what the rounding depends on',
  ),
  ...activationPorts(p),
  ...statePorts(p),
  ...exponentPorts(p),
});
export type ScanCoreInterface = ReturnType<typeof scanCoreInterface>;

export function scanCore(p: ScanParameters): Design<ScanCoreInterface> {
  const w = scanWidths(p);
  const f = p.numerics;
  const format = rowFormat(p);
  const { design, latency } = rowUnit(p);
  const yPlaces = latency.y + spareRows;
  return defineModule(
    {
      name: `scan_core_l${p.lanes}_q${p.rows}_s${w.code}`,
      doc: `SSM scan, ${p.rows} rows x ${p.lanes} elements per cycle, ${w.code}-bit state as streams.`,
      ports: scanCoreInterface(p),
    },
    (m, io) => {
      const tokens = fanOut(m, p, io.token);
      const prepare = m.instance('prepare', prepareRows(p).design);
      connect(prepare.token, tokens.prepare);
      connect(prepare.head, io.head);
      connect(prepare.x, io.x);
      const rows = through(m, 'prepared', skidBuffer(preparedShape(p)), prepare.rows);
      const inputs = m.instance('inputs', inputBuffer(p, { b: 1 + latency.inputs, c: 1 + latency.outputs }));
      connect(inputs.token, tokens.inputs);
      connect(inputs.bc, io.bc);

      m.comment('Issue: a beat needs its state, its row, B and C, and room behind.');
      const roomForState = m.wire('room_for_state', bit);
      const roomForY = m.wire('room_for_y', bit);
      const tile = m.register('tile', rows.payload.tiles.type, { reset: 0 });
      const first = tile.eq(0).named('first_tile');
      const rowTiles = rows.payload.tiles.named('row_tiles');
      const last = increment(tile).eq(rowTiles).named('last_tile');
      const known = format === undefined ? rows.valid : rows.valid.and(io.exponent.valid);
      const room = roomForState.and(roomForY).named('room');
      const issue = io.state.valid.and(known).and(inputs.filled).and(room).named('issue');
      const rowDone = issue.and(last).named('row_done');
      const tokenDone = rowDone.and(rows.payload.token_done).named('token_done');
      io.state.ready.drive(issue);
      rows.ready.drive(rowDone);
      if (format !== undefined) io.exponent.ready.drive(rowDone);
      inputs.done.drive(tokenDone);
      tile.next(issue.mux(last.mux(m.constant(tile.type, 0), increment(tile)), tile));

      m.comment('B and C start again with every row, at the words of its group.');
      const word = m.register('word', inputs.word.type, { reset: 0 });
      const groupWord = m.register('group_word', word.type, { reset: 0 });
      const nextGroup = last.and(rows.payload.group_done).named('next_group');
      const zero = m.constant(word.type, 0);
      inputs.word.drive(word);
      m.when(issue, () => {
        const rowStart = nextGroup.mux(increment(word), groupWord);
        word.next(tokenDone.mux(zero, last.mux(rowStart, increment(word))));
        groupWord.next(tokenDone.mux(zero, nextGroup.mux(increment(word), groupWord)));
      });

      m.comment('The beat, to all rows.');
      const pipe = m.pipeline('beat');
      const issued = pipe.flag(issue);
      const ended = pipe.flag(rowDone);
      const { tiles, token_done } = pipe.enter({ tiles: rowTiles, token_done: tokenDone });
      const { decay, output_shift, step, direct } = rows.payload;
      const shared = pipe.stage('row', pipe.enter({ decay, output_shift, step, direct }));
      const state = unpack(pipe.stage('state_q', pipe.enter(io.state.payload)), p.lanes * w.code);
      const exponent = format && unpack(pipe.stage('exponent_q', pipe.enter(io.exponent.payload)), w.exponent);
      const lanes = state.map((q, i) => {
        const row = m.instance(`row_${i}`, design);
        row.valid.drive(pipe.at(issued, 1));
        row.first.drive(pipe.at(pipe.enter(first), 1));
        row.decay.drive(shared.decay);
        row.output_shift.drive(shared.output_shift);
        row.step.drive(shared.step[i]!);
        row.direct.drive(shared.direct[i]!);
        if (exponent !== undefined) row.exponent.drive(exponent[i]!);
        row.q.drive(q);
        row.b.drive(inputs.b);
        row.c.drive(inputs.c);
        return row;
      });

      m.comment('y: as many rows may be under way as the FIFO has places.');
      const yAt = latency.y + 1;
      const yValid = pipe.at(ended, yAt);
      const y = m.instance(
        'results',
        fifo({ y: uint(p.rows * f.outputBits), last: bit }, { depth: yPlaces, style: 'distributed', counted: true }),
      );
      m.unused(y.in.ready);
      y.in.valid.drive(yValid);
      y.in.payload.drive({ y: pack(lanes.map((row) => row.y)), last: pipe.at(token_done, yAt) });
      connect(io.y, y.out);
      const taken = io.y.ready.and(y.out.valid).named('y_taken');
      const rowsUnderWay = underWay(m, 'rows_under_way', yPlaces, rowDone, taken);
      roomForY.drive(rowsUnderWay.ne(yPlaces));
      const inPipeline = pack(flagStages(m, pipe, ended, 'row_ended', yAt)).popcount();
      const waiting = y.count.named('rows_waiting');
      const kept = y.out.valid.not().or(waiting.ne(0));
      const there = inPipeline.add(waiting).eq(rowsUnderWay.ext(1 + Math.max(inPipeline.width, waiting.width)));
      m.assert(
        'rows_are_there',
        there.and(kept).named('rows_kept'),
        'what is under way is in the pipeline or in the FIFO',
      );

      m.comment("S' to the row buffer, from there rounded to the new state.");
      const stateAt = latency.state + 1;
      const back = m.instance('write_back', writeBack(p));
      if (isStochastic(p)) connect(back.token, tokens.noise);
      const written = pipe.at(issued, stateAt);
      back.written.drive(written);
      back.state.drive(pack(lanes.map((row) => row.state)));
      const exponentAt = latency.exponent + 1;
      back.complete.drive(pipe.at(ended, exponentAt));
      back.tiles.drive(pipe.at(tiles, exponentAt));
      connect(io.new_state, back.new_state);
      if (format !== undefined) {
        back.exponents.drive(pack(lanes.map((row) => row.new_exponent)));
        connect(io.new_exponent, back.new_exponent);
      }
      const beatsUnderWay = underWay(m, 'beats_under_way', w.buffer, issue, back.left);
      roomForState.drive(beatsUnderWay.ne(w.buffer));
      const coming = pack(flagStages(m, pipe, issued, 'issued', stateAt)).popcount();
      const held = underWay(m, 'beats_held', w.buffer, written, back.left);
      const beatsThere = coming.add(held).eq(beatsUnderWay.ext(1 + Math.max(coming.width, held.width)));
      m.assert(
        'beats_are_there',
        beatsThere.named('beats_kept'),
        'what is under way is in the pipeline or in the row buffer',
      );

      m.comment('Clamped values.');
      const total = (name: string, values: readonly UInt[], counts: UInt): void => {
        const all = m.delay(`${name}_clamped`, sum(values, `${name}_clamped`)).ext(32);
        const clamped = m.register(`${name}_saturations`, uint(32), { reset: 0 });
        clamped.next(m.delay(`${name}_counts`, counts, { reset: 0 }).mux(clamped.add(all).trunc(32), clamped));
        io.saturations[name as 'step'].drive(clamped);
      };
      if (rows.payload.clamped === undefined) io.saturations.step.drive(m.constant(uint(32), 0));
      else total('step', [rows.payload.clamped], rowDone);
      total(
        'state',
        lanes.map((row) => row.clamped),
        pipe.at(issued, stateAt + 1),
      );
      total(
        'output',
        lanes.map((row) => row.y_clamped),
        yValid,
      );
    },
  );
}

/** Every token to each of the parts, which take what they need of it when they come to it. */
function fanOut(m: ModuleBuilder, p: ScanParameters, token: Taken<TokenShape>) {
  m.comment('A token goes to every part that counts along, when all have a place for it.');
  const room = m.wire('room_for_token', bit);
  const rooms: UInt[] = [];
  const queue = <T extends RecordShape>(part: string, shape: T): Taken<T> => {
    const tokens = m.instance(`${part}_tokens`, fifo(shape, { depth: tokensAhead, style: 'distributed' }));
    m.unused(tokens.count);
    const into = tokens.in as Given<T>;
    into.valid.drive(token.valid.and(room));
    into.payload.drive(only(m, token as never, shape).payload as never);
    rooms.push(into.ready);
    return tokens.out as unknown as Taken<T>;
  };
  const queues = {
    prepare: queue('prepare', preparedTokenShape(p)),
    inputs: queue('inputs', inputTokenShape(p)),
    ...fieldsIf(isStochastic(p), () => ({ noise: queue('noise', noiseTokenShape(p)) })),
  };
  room.drive(rooms.reduce((all, each) => all.and(each)));
  token.ready.drive(room);
  return queues;
}
