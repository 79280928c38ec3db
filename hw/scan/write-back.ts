/**
 * From S' to the new state. S' waits in the row buffer until its row is complete and its exponent known; then it is read,
 * rounded and given out, beat by beat, while the next rows arrive behind it.
 */
import {
  bit,
  type Design,
  defineModule,
  type Given,
  increment,
  input,
  output,
  pack,
  repeat,
  sink,
  source,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { connect, fifo } from '../../gen/stream/index.ts';
import { flagStages, underWay } from '../lanes/counters.ts';
import { shiftParts } from './exponent.ts';
import { noiseTokenShape } from './interface.ts';
import { noiseSource } from './noise.ts';
import { fieldsIf, isStochastic, rowFormat, type ScanParameters, scanWidths } from './parameters.ts';
import { roundStages, roundUnit } from './round.ts';

const writeBackInterface = (p: ScanParameters) => {
  const w = scanWidths(p);
  return {
    ...fieldsIf(isStochastic(p), () => ({ token: sink(noiseTokenShape(p), 'one token of one layer, for the noise') })),
    written: input(bit, "a beat of S' arrives"),
    state: input(uint(p.rows * p.lanes * w.work), `S' of ${p.rows} rows x ${p.lanes} elements`),
    complete: input(bit, 'a row group is complete: all its beats have arrived'),
    tiles: input(uint(w.tiles), 'how many those are'),
    ...fieldsIf(rowFormat(p) !== undefined, () => ({
      exponents: input(uint(p.rows * w.exponent), 'of its rows'),
      new_exponent: source(uint(p.rows * w.exponent), 'with the first of the row group'),
    })),
    left: output(bit, 'a beat leaves the row buffer'),
    new_state: source(uint(p.rows * p.lanes * w.code), 'the elements as they are stored'),
  };
};

/** Latency from `complete` to the first new state: 3 cycles, and 5 for rounding with row exponents. One beat per cycle. */
export function writeBack(p: ScanParameters): Design<ReturnType<typeof writeBackInterface>> {
  const w = scanWidths(p);
  const format = rowFormat(p);
  return defineModule(
    {
      name: `scan_write_back_l${p.lanes}_q${p.rows}_s${w.code}`,
      doc: `Row buffer of ${w.buffer} beats, and rounding to ${w.code} bits.`,
      ports: writeBackInterface(p),
    },
    (m, io) => {
      m.comment('Complete row groups.');
      const shape = {
        tiles: io.tiles.type,
        ...fieldsIf(format !== undefined, () => ({ exponents: uint(p.rows * w.exponent) })),
      };
      const rows = m.instance('complete_rows', fifo(shape, { depth: w.buffer, style: 'distributed', counted: true }));
      m.unused(rows.in.ready);
      const waiting = rows.count.named('rows_waiting');
      const counted = rows.out.valid.not().or(waiting.ne(0)).named('row_counted');
      m.assert('row_is_there', counted, 'a row group that is shown is counted');
      rows.in.valid.drive(io.complete);
      rows.in.payload.drive({
        tiles: io.tiles,
        ...fieldsIf(format !== undefined, () => ({ exponents: io.exponents })),
      });

      m.comment('Read: a beat of the oldest complete row group, with its noise.');
      const noise = format !== undefined && isStochastic(p) ? m.instance('noise', noiseSource(p, format)) : undefined;
      if (noise !== undefined) connect(noise.token, io.token);
      const advance = m.wire('advance', bit);
      const read = advance
        .and(rows.out.valid)
        .and(noise?.noise.valid ?? m.constant(bit, 1))
        .named('read');
      const tile = m.register('tile', io.tiles.type, { reset: 0 });
      const last = increment(tile).eq(rows.out.payload.tiles.named('oldest_tiles')).named('last_tile');
      tile.next(read.mux(last.mux(m.constant(tile.type, 0), increment(tile)), tile));
      rows.out.ready.drive(read.and(last));
      noise?.noise.ready.drive(read);
      io.left.drive(read);

      m.comment('Row buffer.');
      const buffer = m.memory('row_buffer', { depth: w.buffer, shape: io.state.type });
      const pointer = (name: string, moves: UInt): UInt => {
        const at = m.register(name, uint(buffer.addressWidth), { reset: 0, enable: moves });
        at.next(increment(at));
        return at;
      };
      buffer.write({ address: pointer('tail', io.written), data: io.state, enable: io.written });
      const state = buffer.read('oldest', pointer('head', read), { enable: advance });

      m.comment('Rounding, if the stored form is another.');
      const pipe = m.pipeline('back', { enable: advance });
      const given = pipe.flag(read);
      if (format === undefined) {
        io.new_state.payload.drive(state);
        advance.drive(offer(io.new_state, given, 0, 'state').not());
        return;
      }
      const rowGiven = pipe.flag(read.and(tile.eq(0)));
      const exponents = pipe.stage('row_exponents', pipe.enter(rows.out.payload.exponents));
      const rights = unpack(rows.out.payload.exponents, w.exponent).map((e, q) =>
        pipe.stage(`right_${q}`, pipe.enter(shiftParts(m, e))),
      );
      const nearest = repeat(m.constant(uint(8 * p.lanes), noiseOfNearest(p.lanes)), p.rows);
      const bytes =
        noise === undefined ? nearest : unpack(pipe.stage('bytes', pipe.enter(noise.noise.payload)), 8 * p.lanes);
      const rounded = unpack(state, p.lanes * w.work).map((word, q) => {
        const round = m.instance(`round_${q}`, roundUnit(p, format));
        round.advance.drive(advance);
        round.state.drive(word);
        round.right.drive(rights[q]!);
        round.noise.drive(bytes[q]!);
        return round.q;
      });

      m.comment('Two streams leave; the pipeline moves when neither waits.');
      const stateWaits = offer(io.new_state, given, roundStages, 'state');
      const exponentWaits = offer(io.new_exponent, rowGiven, roundStages, 'exponent');
      io.new_state.payload.drive(pack(rounded));
      io.new_exponent.payload.drive(pipe.at(exponents, 1 + roundStages));
      advance.drive(stateWaits.or(exponentWaits).not());

      /** Gives the beats that are flagged to the stream, `stages` behind; 1 while one waits to be taken. None is lost on the way, and none comes twice. */
      function offer(
        stream: Pick<Given<typeof bit>, 'valid' | 'ready'>,
        flag: UInt,
        stages: number,
        name: string,
      ): UInt {
        const valid = m.register(`${name}_valid`, bit, { reset: 0 });
        const waiting = valid.and(stream.ready.not()).named(`${name}_waits`);
        valid.next(advance.mux(pipe.at(flag, stages), waiting));
        stream.valid.drive(valid);
        const leaving = underWay(m, `${name}_leaving`, stages + 1, pipe.at(flag, 0), valid.and(stream.ready));
        const there = pack([...flagStages(m, pipe, flag, `${name}_left`, stages), valid]).popcount();
        const kept = there.eq(leaving).named(`${name}_kept`);
        m.assert(`${name}_is_there`, kept, `${name}: what was read is in a stage or shown`);
        return waiting;
      }
    },
  );
}

/** Half of the unit for every element. */
const noiseOfNearest = (lanes: number): bigint =>
  Array.from({ length: lanes }, (_, i) => 128n << BigInt(8 * i)).reduce((a, b) => a | b);
