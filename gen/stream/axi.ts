/** AXI4-Stream: ports with the standard names, and typed streams to and from them. */
import { type SinkPort, type SourcePort, sink, source, type Taken } from '../interface.ts';
import { type Design, defineModule } from '../module.ts';
import { fromBits, toBits } from '../packing.ts';
import {
  type Bits,
  isLeaf,
  isVector,
  type LeafShape,
  type RecordShape,
  type Shape,
  showShape,
  uint,
  type Vector,
  widthOf,
} from '../shape.ts';
import type { UInt } from '../signal.ts';
import type { Value } from '../value.ts';
import { checkParameters, type Parameter } from './parameter.ts';

type U = Bits<'unsigned'>;

/** What may go beside TDATA, TVALID and TREADY. */
export type AxiSignal = 'strb' | 'keep' | 'last' | 'id' | 'dest' | 'user';
/** TDATA, and the signals of `S`, under their standard names. */
export type AxiPayload<S extends AxiSignal = never> = { readonly tdata: U } & { readonly [K in S as `t${K}`]: U };
/** The field of the payload that a signal carries; all fields without a signal go to TDATA. */
export type AxiFields<T extends Shape> = {
  readonly [S in AxiSignal]?: T extends LeafShape | Vector ? never : keyof T & string;
};

/** A port `s_axis` of this kind is `s_axis_tvalid`, `s_axis_tready`, `s_axis_tdata`, ...: what AXI4-Stream calls a slave. */
export const axiSink = <T extends RecordShape>(payload: T, doc: string): SinkPort<T> => ({
  ...sink(payload, doc),
  handshake: 'axi4-stream',
});
/** A port `m_axis` of this kind is `m_axis_tvalid`, `m_axis_tready`, `m_axis_tdata`, ...: what AXI4-Stream calls a master. */
export const axiSource = <T extends RecordShape>(payload: T, doc: string): SourcePort<T> => ({
  ...source(payload, doc),
  handshake: 'axi4-stream',
});

/** How the fields of a payload lie on the signals of AXI4-Stream. */
interface Layout<S extends AxiSignal> {
  /** Fields in TDATA, the first in its low bits; undefined: the payload is no record and is there as a whole. */
  readonly data: RecordShape | undefined;
  readonly dataBits: number;
  readonly beside: readonly (readonly [signal: `t${S}`, field: string, shape: Shape])[];
  readonly axi: AxiPayload<S>;
  /** For module names. */
  readonly name: string;
}

function layoutOf<S extends AxiSignal>(
  element: string,
  below: (...args: never[]) => unknown,
  payload: Shape,
  fields: Readonly<Record<string, string | undefined>>,
): Layout<S> {
  const record = isLeaf(payload) || isVector(payload) ? undefined : payload;
  const beside = Object.entries(fields).flatMap(([signal, field]) =>
    field === undefined ? [] : [[`t${signal}` as `t${S}`, field, record?.[field]] as const],
  );
  const named = beside.map(([, field]) => field);
  const data = record && Object.fromEntries(Object.entries(record).filter(([field]) => !named.includes(field)));
  const dataBits = widthOf(data ?? payload);
  const bytes = Math.ceil(dataBits / 8);
  const width = { tlast: 1, tkeep: bytes, tstrb: bytes } as Readonly<Record<string, number>>;
  checkParameters(element, below, [
    { name: 'payload', expected: 'a field for TDATA', found: `only ${named.join(', ')}`, holds: dataBits > 0 },
    ...beside.map(([signal, field, shape], i): Parameter => {
      const fits = shape !== undefined && [undefined, widthOf(shape)].includes(width[signal]);
      const wanted = width[signal] === undefined ? 'a field' : `a field of ${width[signal]} bits`;
      const found = shape === undefined ? field : `${field}: ${showShape(shape)}`;
      const holds = fits && named.indexOf(field) === i;
      return { name: `field for ${signal.toUpperCase()}`, expected: `${wanted} of its own`, found, holds };
    }),
  ]);
  const signals = beside.map(([signal, , shape]) => [signal, uint(widthOf(shape!))]);
  return {
    data,
    dataBits,
    beside: beside.map(([signal, field, shape]) => [signal, field, shape!]),
    axi: { tdata: uint(8 * bytes), ...Object.fromEntries(signals) } as AxiPayload<S>,
    name: [`w${dataBits}`, ...beside.map(([signal, , shape]) => `${signal.slice(1)}${widthOf(shape!)}`)].join('_'),
  };
}

const bitsIn = (dataBits: number): string =>
  `payload bit i is bit i % 8 of byte i / 8, ${dataBits} bits, padded with 0`;

/**
 * A typed stream as AXI4-Stream. The payload is packed as `toBits` does, first field in the low bits, and goes out byte 0
 * (TDATA[7:0]) first; the bits from its width up to whole bytes are 0. Fields that are named in `fields` go to TLAST,
 * TKEEP, TSTRB, TID, TDEST or TUSER instead. Without TKEEP all bytes count, as the standard has it.
 *
 *     latency     0
 *     throughput  1 beat per cycle
 *     paths       in.valid, in.payload to m_axis; m_axis_tready to in.ready: wires
 *     state       none
 *     formula     AMBA AXI4-Stream Protocol Specification (ARM IHI 0051), 2.2 and 2.4
 */
export function toAxiStream<T extends Shape, const F extends AxiFields<T> = Record<never, never>>(
  payload: T,
  fields: F = {} as F,
): Design<{ readonly in: SinkPort<T>; readonly m_axis: SourcePort<AxiPayload<keyof F & AxiSignal>> }> {
  const { data, dataBits, beside, axi, name } = layoutOf('toAxiStream', toAxiStream, payload, fields);
  const ports = { in: sink(payload, 'beats'), m_axis: axiSource(axi, `AXI4-Stream; ${bitsIn(dataBits)}`) };
  const design = defineModule(
    { name: `stream_to_axi_${name}`, doc: 'A typed stream as AXI4-Stream; latency 0, wires only.', ports },
    (_m, { in: from, m_axis }) => {
      const { payload: all } = from as Taken<Shape>;
      const field = (f: string): UInt => toBits((all as unknown as Record<string, UInt>)[f]!);
      const rest = data && Object.fromEntries(Object.keys(data).map((f) => [f, (all as never)[f]]));
      const word = toBits<Shape>((rest ?? all) as never).named('word');
      const signals = Object.fromEntries(beside.map(([signal, f]) => [signal, field(f)]));
      m_axis.valid.drive(from.valid);
      from.ready.drive(m_axis.ready);
      m_axis.payload.drive({ tdata: word.ext(axi.tdata.width), ...signals } as Value<typeof axi>);
    },
  );
  return design as never;
}

/**
 * AXI4-Stream as a typed stream: the reverse of `toAxiStream`. Padding is not looked at. A signal of the sender that has no
 * field here is left unconnected where the port is used.
 *
 *     latency     0
 *     throughput  1 beat per cycle
 *     paths       s_axis to out.valid, out.payload; out.ready to s_axis_tready: wires
 *     state       none
 */
export function fromAxiStream<T extends Shape, const F extends AxiFields<T> = Record<never, never>>(
  payload: T,
  fields: F = {} as F,
): Design<{ readonly s_axis: SinkPort<AxiPayload<keyof F & AxiSignal>>; readonly out: SourcePort<T> }> {
  const { data, dataBits, beside, axi, name } = layoutOf('fromAxiStream', fromAxiStream, payload, fields);
  const ports = { s_axis: axiSink(axi, `AXI4-Stream; ${bitsIn(dataBits)}`), out: source(payload, 'beats') };
  const design = defineModule(
    { name: `stream_from_axi_${name}`, doc: 'AXI4-Stream as a typed stream; latency 0, wires only.', ports },
    (_m, { s_axis, out }) => {
      const given = s_axis.payload as unknown as Readonly<Record<string, UInt>>;
      const word = given['tdata']!.trunc(dataBits).named('word');
      const values = beside.map(([signal, f, shape]) => [f, fromBits(shape, given[signal]!)]);
      const whole =
        data === undefined ? fromBits(payload, word) : { ...fromBits(data, word), ...Object.fromEntries(values) };
      out.valid.drive(s_axis.valid);
      s_axis.ready.drive(out.ready);
      out.payload.drive(whole as Value<T>);
    },
  );
  return design as never;
}
