/**
 * The middle of a mixer: from in_proj's results to out_proj's input, in head order.
 *
 *     product, scale --> front --> channels --> conv, SiLU --+--> B, C ------> bc --.
 *                          |                                 +--> x -----------------+--> scan --> y --.
 *                          '-----> dt --> step size --> heads ----------------------'                  v
 *                                                            '--> z ------------------------------> gate --> norm --+--> act
 *                                                                                                                   +--> sums
 *                                                                                                                   '--> out_scale
 *
 * Every part takes its share of a token's descriptor when it comes to it, so that tokens follow each other without a gap. x, z and y wait
 * in FIFOs of a token: in_proj's array never waits for the scan, nor the scan for z (docs/mixer.md).
 */
import {
  type Bits,
  bit,
  type Design,
  defineModule,
  type ModuleBuilder,
  output,
  pack,
  type RecordShape,
  type Shape,
  sink,
  source,
  type Taken,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { connect, fifo, skidBuffer, through } from '../../gen/stream/index.ts';
import { channelsShape, convPorts, resultBits } from '../conv/parameters.ts';
import { convUnit } from '../conv/unit.ts';
import { elementsShape, regrouped } from '../lanes/regroup.ts';
import { activationsShape, feedUnit } from '../norm/feed.ts';
import { normInterface, scaleShape } from '../norm/parameters.ts';
import { normUnit } from '../norm/unit.ts';
import { scanUnit } from '../scan/unit.ts';
import { collectTokenShape, collectUnit } from './collect.ts';
import { frontUnit } from './front.ts';
import { gatedShape, gatesShape, gateUnit } from './gate.ts';
import { type MixerParameters, mixerParts, mixerTokenShape } from './parameters.ts';
import { headConstantsShape, stepSizeUnit } from './step-size.ts';

/** Tokens whose descriptors wait in front of a part: 2^k words of a memory, and the one at its output. */
const tokensAhead = 5;

const saturationNames = [
  ...['z', 'xbc', 'dt_in', 'conv', 'b', 'c', 'x', 'gate', 'dt', 'step', 'state', 'output', 'gated', 'bias'],
] as const;

export const mixerInterface = (p: MixerParameters) => {
  const { feed } = mixerParts(p);
  const { columns, activationBits } = feed;
  const norm = normInterface(p.norm);
  return {
    token: sink(mixerTokenShape(p), 'one token of one layer: what each part needs of it'),
    product: sink(
      uint(p.lanes * p.resultBits),
      `${p.lanes} results of in_proj, ${p.resultBits} bits each: B and C by groups, dt, x and z by heads, each of which begins a beat`,
    ),
    scale: sink(scaleShape, '1/rms of the token, by which they are multiplied'),
    conv_weight: convPorts(p.conv).weight,
    constants: sink(headConstantsShape(p), 'of a head: dt_bias, |A| log2 e, D and shifts; head after head'),
    norm_weight: norm.weight,
    act: source(
      activationsShape(feed),
      `out_proj's input: ${columns} columns of ${activationBits} bits; every group begins a beat`,
    ),
    sums: norm.sums,
    out_scale: norm.scale,
    saturations: output(
      Object.fromEntries(saturationNames.map((name) => [name, uint(32)])) as Record<string, Bits<'unsigned'>>,
      'values clamped since reset, modulo 2^32, by format',
    ),
  };
};
export type MixerInterface = ReturnType<typeof mixerInterface>;

/** golden's `mix` between its two products, bit for bit. docs/mixer.md has the schedule. */
export function mixerUnit(p: MixerParameters): Design<MixerInterface> {
  const { front: frontParameters, feed } = mixerParts(p);
  const { scan: s } = p;
  return defineModule(
    {
      name: `mixer_p${p.lanes}_l${s.lanes}_q${s.rows}`,
      doc: [
        `The middle of a mixer: ${p.lanes} channels per cycle through convolution, gate, norm and quantizer,`,
        `${s.rows} rows x ${s.lanes} elements of state per cycle through the scan, ${p.columns} columns per beat to out_proj.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        "Per token: one beat of token and of scale; in_proj's results; weights and constants in the same order. out_proj's columns leave",
        'head by head, while later heads are in the scan.',
      ].join('\n'),
      ports: mixerInterface(p),
    },
    (m, io) => {
      m.comment("Each part's share of a token's descriptor.");
      const share = shares(m, p, io.token);

      const front = m.instance('front', frontUnit(frontParameters));
      connect(front.token, share('front'));
      connect(front.product, io.product);
      connect(front.scale, io.scale);

      m.comment('Convolution and SiLU.');
      const conv = m.instance('conv', convUnit(p.conv));
      connect(conv.token, share('conv'));
      connect(
        conv.in,
        through(m, 'channels', skidBuffer(channelsShape(p.numerics.mixer.projectedBits, p.lanes)), front.channels),
      );
      connect(conv.weight, io.conv_weight);
      const to = route(m, conv.out, p);

      m.comment('Step sizes.');
      const { projectedBits } = p.numerics.mixer;
      const steps = m.instance('step_size', stepSizeUnit(p));
      connect(steps.token, share('step'));
      const dt = queued(
        m,
        'dt_words',
        front.dt,
        elementsShape(projectedBits, p.lanes),
        Math.ceil(s.maxHeads / p.lanes) + 2,
      );
      connect(steps.in, regrouped(m, 'dt', { bits: projectedBits, from: p.lanes, to: 1 }, dt));
      connect(steps.constants, io.constants);

      m.comment('The scan.');
      const { inputBits, outputBits } = s.numerics;
      const scan = m.instance('scan', scanUnit(s));
      connect(scan.token, share('scan'));
      connect(scan.head, steps.head);
      // B of a token waits for C, which comes behind it: all its words but the one that the change of width takes
      const groupWords = Math.max(3, s.maxGroups * Math.ceil(s.maxState / p.lanes) - 1);
      const rowWords = s.maxHeads * Math.ceil(s.maxHeadDim / p.lanes);
      const regroupedInput = (name: 'b' | 'c' | 'x', words: number, lanes: number) => {
        const waiting = queued(m, `${name}_words`, to(name), elementsShape(inputBits, p.lanes), words);
        return valuesOf(m, regrouped(m, name, { bits: inputBits, from: p.lanes, to: lanes }, waiting));
      };
      const b = regroupedInput('b', groupWords, s.lanes);
      const c = regroupedInput('c', groupWords, s.lanes);
      scan.bc.valid.drive(b.valid.and(c.valid).named('b_and_c'));
      scan.bc.payload.drive({ b: b.payload, c: c.payload });
      b.ready.drive(scan.bc.ready.and(c.valid));
      c.ready.drive(scan.bc.ready.and(b.valid));
      connect(scan.x, regroupedInput('x', rowWords, s.rows));

      m.comment('The gate.');
      const collect = m.instance('collect', collectUnit(s));
      connect(collect.token, share('collect'));
      connect(collect.y, scan.y);
      const gate = m.instance('gate', gateUnit(p));
      connect(gate.token, share('gate'));
      const y = valuesOf(m, regrouped(m, 'y', { bits: outputBits, from: s.rows, to: p.lanes }, collect.out));
      connect(gate.y, queued(m, 'y_words', y, uint(p.lanes * outputBits), rowWords));
      const z = to('z');
      m.unused(z.payload.end);
      const gates = {
        valid: z.valid,
        ready: z.ready,
        payload: { values: z.payload.values, count: z.payload.count, last: z.last },
      };
      connect(gate.gate, queued(m, 'gates', gates, gatesShape(p), rowWords));

      m.comment('Norm and quantizer, and the columns of out_proj.');
      const norm = m.instance('norm', normUnit(p.norm));
      connect(norm.token, share('norm'));
      connect(norm.in, through(m, 'gated', skidBuffer(gatedShape(p)), gate.out));
      connect(norm.weight, io.norm_weight);
      connect(io.sums, norm.sums);
      connect(io.out_scale, norm.scale);
      const columns = m.instance('columns', feedUnit(feed));
      const { values, shift, count, end, last } = norm.out.payload;
      m.unused(last);
      connect(columns.in, { valid: norm.out.valid, ready: norm.out.ready, payload: { values, shift, count, end } });
      connect(io.act, columns.act);

      const { dt: dt_in, ...results } = front.saturations;
      const of = { ...results, dt_in, ...conv.saturations, ...steps.saturations, ...scan.saturations };
      io.saturations.drive({ ...of, ...gate.saturations, ...norm.saturations } as Record<string, UInt>);
    },
  );
}

/**
 * Every token to each of the parts, which take what they need of it when they come to it. The norm is the last that is done with a token:
 * where it has a place for one, so have the others.
 */
function shares(m: ModuleBuilder, p: MixerParameters, token: Taken<ReturnType<typeof mixerTokenShape>>) {
  const shapes = { ...mixerTokenShape(p), collect: collectTokenShape(p.scan) };
  type Part = keyof typeof shapes;
  const { head_dim } = token.payload.scan;
  const payloads: Record<Part, unknown> = { ...token.payload, collect: { head_dim } };
  const queueOf = (part: Part, counted: boolean) => {
    const options = { depth: tokensAhead, style: 'distributed', counted } as const;
    const queue = m.instance(`${part}_tokens`, fifo(shapes[part] as RecordShape, options));
    m.unused(queue.count);
    queue.in.payload.drive(payloads[part] as never);
    return queue;
  };
  const last = queueOf('norm', false);
  last.in.valid.drive(token.valid);
  token.ready.drive(last.in.ready);
  const begins = token.valid.and(last.in.ready).named('token_begins');
  return <K extends Part>(part: K): Taken<(typeof shapes)[K]> => {
    if (part === 'norm') return last.out as never;
    const queue = queueOf(part, true);
    m.unused(queue.in.ready);
    queue.in.valid.drive(begins);
    return queue.out as never;
  };
}

/** A stream behind a FIFO. */
const queued = <T extends Shape>(m: ModuleBuilder, name: string, stream: Taken<T>, shape: T, depth: number): Taken<T> =>
  through(m, name, fifo(shape, { depth }), stream);

type Elements = ReturnType<typeof elementsShape>;

/** The words of a stream of elements alone. */
function valuesOf(m: ModuleBuilder, { valid, ready, payload }: Taken<Elements>): Taken<Bits<'unsigned'>> {
  m.unused(payload.count, payload.end);
  return { valid, ready, payload: payload.values };
}

/** The channels of one kind as elements in their format; every kind is to be asked for once. */
function route(m: ModuleBuilder, from: Taken<ReturnType<typeof channelsShape>>, { conv, numerics }: MixerParameters) {
  const { kind, values, count, end, last } = from.payload;
  const kinds = ['b', 'c', 'x', 'z'] as const;
  const readies = kinds.map((k) => m.wire(`${k}_ready`, bit));
  from.ready.drive(readies.map((ready, i) => kind.is(kinds[i]!).and(ready)).reduce((a, b) => a.or(b)));
  const wide = resultBits(conv);
  const inFormat = (bits: number): UInt =>
    bits === wide ? values : pack(unpack(values, wide).map((value) => value.trunc(bits)));
  return (of: (typeof kinds)[number]): Taken<Elements> & { readonly last: UInt } => ({
    valid: from.valid.and(kind.is(of)).named(`${of}_valid`),
    ready: readies[kinds.indexOf(of)]!,
    payload: { values: inFormat(of === 'z' ? numerics.mixer.gateBits : numerics.scan.inputBits), count, end },
    last,
  });
}
