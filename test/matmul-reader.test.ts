/** Weights from an AXI4 memory: bursts proved and counted, and the array behind a reader. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle, type Design, defineModule, printVerilog, rewriteModule } from '../gen/index.ts';
import { connect } from '../gen/stream/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import {
  bursts,
  HardwareProblem,
  type MatmulParameters,
  matmulArray,
  type ReaderParameters,
  weightReader,
  weightStream,
  wordsPerBeat,
} from '../hw/index.ts';
import {
  createRandom,
  createSimulator,
  driveStream,
  type Engine,
  monitorStream,
  reset,
  runUntil,
} from '../sim/index.ts';
import { yosys } from '../sim/yosys.ts';
import { matmulBench } from '../verify/bench-matmul.ts';
import { cornerMatmulJobs, planeMatrix } from '../verify/jobs-corner.ts';
import { monitor } from './stream/monitor.ts';

const reader: ReaderParameters = { bus: 64, beat: 100, addressBits: 20, countBits: 16, maxBurst: 16 };

/** The array with a reader before its weights. */
function fed(p: MatmulParameters) {
  const array = matmulArray(p);
  const source = weightReader(reader);
  const { flush, desc, act, token, result } = array.ports;
  const { region, ar, r } = source.ports;
  const ports = {
    ...{ matmul_flush: flush, matmul_desc: desc, matmul_act: act, matmul_token: token, matmul_result: result },
    ...{ reader_region: region, reader_ar: ar, reader_r: r },
  };
  return defineModule({ name: 'fed', doc: 'The array behind a weight reader.', ports }, (m, io) => {
    const inside = m.instance('matmul', array);
    const from = m.instance('reader', source);
    connect(inside.weight, from.weight);
    inside.flush.drive(io.matmul_flush);
    connect(inside.desc, io.matmul_desc);
    connect(inside.act, io.matmul_act);
    connect(inside.token, io.matmul_token);
    connect(io.matmul_result, inside.result);
    connect(from.region, io.reader_region);
    connect(from.r, io.reader_r);
    connect(io.reader_ar, from.ar);
  });
}

/** A memory that stalls at random: takes bursts, checks them, and gives their words in order. */
function memory(engine: Engine, image: Uint8Array, { bus, maxBurst }: ReaderParameters, seed: number) {
  const random = createRandom(seed);
  const port = (name: string) => engine.handle(`reader_${name}`);
  const [arValid, arReady, arAddr, arLen] = ['ar_valid', 'ar_ready', 'ar_addr', 'ar_len'].map(port);
  const [rValid, rReady, rData] = ['r_valid', 'r_ready', 'r_data'].map(port);
  const wordBytes = bus / 8;
  const waiting: number[] = [];
  const taken: { address: number; words: number }[] = [];
  let offered = false;
  return {
    taken,
    done: true,
    moved: 0,
    describe: () => `memory: ${waiting.length} words wait`,
    drive: () => {
      arReady!.set(random.chance(0.6) ? 1 : 0);
      offered ||= waiting.length > 0 && random.chance(0.6);
      rValid!.set(offered ? 1 : 0);
      if (!offered) return;
      const word = image.subarray(waiting[0]!, waiting[0]! + wordBytes);
      rData!.set(BigInt(`0x${Buffer.from(word).reverse().toString('hex').padStart(2, '0')}`));
    },
    observe: () => {
      if (offered && rReady!.get() === 1n) {
        waiting.shift();
        offered = false;
      }
      if (arValid!.get() === 0n || arReady!.get() === 0n) return;
      const [address, words] = [arAddr!.getNumber(), arLen!.getNumber() + 1];
      expect(words).toBeLessThanOrEqual(maxBurst);
      expect(Math.floor(address / 4096)).toBe(Math.floor((address + words * wordBytes - 1) / 4096));
      taken.push({ address, words });
      for (let i = 0; i < words; i++) waiting.push(address + i * wordBytes);
    },
  };
}

describe('weight reader', () => {
  it.each([
    ['a beat of two words', reader],
    ['a word is a beat', { ...reader, bus: 128, beat: 128, maxBurst: 256 }],
    ['bytes', { ...reader, bus: 8, beat: 17, maxBurst: 3 }],
  ])('gives every beat of every region, whatever the memory does: %s', (_name, p) => {
    const wordBytes = p.bus / 8;
    const random = createRandom(4);
    const engine = createSimulator(bundle('top', { reader: weightReader(p) }).module, { properties: 'throw' });
    reset(engine);
    const image = Uint8Array.from({ length: 3 * 4096 }, () => random.below(256));
    const beatBytes = wordsPerBeat(p) * wordBytes;
    const regions = Array.from({ length: 20 }, () => {
      const beats = 1 + random.below(60);
      return { beats, address: random.below((image.length - beats * beatBytes) / wordBytes) * wordBytes };
    });
    const regionBeats = regions.map(({ beats, address }) => ({ address, words: beats * wordsPerBeat(p) }));
    const from = memory(engine, image, p, 7);
    const count = regions.reduce((sum, { beats }) => sum + beats, 0);
    const weights = monitorStream(engine, 'reader_weight', { stall: 0.3, seed: 5, count });
    const driver = driveStream(engine, 'reader_region', regionBeats, { stall: 0.3, seed: 6 });
    runUntil(engine, [driver, from, weights], { limit: 100_000, until: () => weights.done });
    engine.close();
    const expected = regions.flatMap(({ beats, address }) =>
      Array.from({ length: beats }, (_, b) => {
        const bytes = image.subarray(address + b * beatBytes, address + (b + 1) * beatBytes);
        return BigInt.asUintN(p.beat, BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`));
      }),
    );
    expect(weights.beats.map((beat) => beat['w'])).toEqual(expected);
    const words = regionBeats.reduce((sum, r) => sum + r.words, 0);
    expect(from.taken.reduce((sum, b) => sum + b.words, 0)).toBe(words);
    if (p.maxBurst >= 4096 / wordBytes) expect(from.taken.length).toBeLessThan(2 * regions.length + words / p.maxBurst);
  });

  it('reads a weight stream whose beats fill whole words', () => {
    const m = planeMatrix(7, 90, 1, (o, i) => (o * i) % 5 < 2);
    const stream = weightStream(m, { lanes: 5, columns: 20 }, { align: 8 });
    expect([stream.bytesPerBeat, stream.bytes.length]).toEqual([16, stream.beats * 16]);
  });

  it.each(['popcount', 'table'] as const)('feeds the array from a memory that stalls: %s', (engine) => {
    const p: MatmulParameters = {
      ...{ lanes: 5, columns: 20, segment: 20, load: 20, tokens: 1, drain: 5, planes: 2, maxShift: 0, maxRows: 30 },
      ...{ maxColumns: 60, storedRows: 30, engine, numerics: defaultNumerics.matmul },
    };
    const jobs = cornerMatmulJobs(p, createRandom(31), 20);
    const { feeds, collects, cycleBound, judge } = matmulBench(jobs, p, false);
    const align = reader.bus / 8;
    const streams = jobs.map(({ matrix, vectors, coding, order }) =>
      weightStream(matrix, p, { from: 0, to: vectors[0]!.to, coding, order, align }),
    );
    const starts = streams.map(() => 0);
    const image: number[] = [];
    for (const [i, { bytes }] of streams.entries()) {
      starts[i] = image.length;
      image.push(...bytes);
    }
    const regions = streams.map(({ bytes }, i) => ({ address: starts[i]!, words: bytes.length / align }));
    const engineOf = createSimulator(fed(p).module, { properties: 'throw' });
    reset(engineOf);
    const { weight: _, ...others } = feeds;
    const given = Object.entries(others).map(([name, beats], seed) =>
      driveStream(engineOf, `matmul_${name}`, beats(), { stall: 0.2, seed }),
    );
    const results = monitorStream(engineOf, 'matmul_result', { stall: 0.2, seed: 8, count: collects['result']! });
    const agents = [
      ...given,
      driveStream(engineOf, 'reader_region', regions, { seed: 7 }),
      memory(engineOf, Uint8Array.from(image), reader, 6),
      results,
    ];
    runUntil(engineOf, agents, { limit: 20 * cycleBound, until: () => results.done });
    engineOf.close();
    expect(judge({ result: results.beats }, () => 0n).flatMap((v) => v.mismatch?.text ?? [])).toEqual([]);
  });

  it('refuses a bus that does not fit', () => {
    expect(() => weightReader({ ...reader, bus: 48 })).toThrow(HardwareProblem);
    expect(() => weightReader({ ...reader, bus: 256 })).toThrow('expected at most the 100 bits of a beat');
    expect(() => bursts({ ...reader, maxBurst: 257 })).toThrow('expected a whole number from 1 to 256');
  });
});

describe('bursts', () => {
  const small = { bus: 512, addressBits: 16, countBits: 10, maxBurst: 48 };

  /** Never over the end of a page, never longer than allowed, from any state. */
  const claims = (element: ReturnType<typeof bursts>): Design =>
    monitor(element as unknown as Design, element.ports, (m, { region, ar }, say) => {
      const dut = m.instance('dut', element);
      connect(dut.region, region);
      connect(ar, dut.ar);
      say.assume(region.payload.words.ne(0));
      const first = dut.ar.payload.addr.slice(11, 6).ext(9);
      const end = first.add(dut.ar.payload.len.ext(9));
      say.never(dut.ar.valid.and(end.gt(63)));
      say.never(dut.ar.valid.and(dut.ar.payload.len.gt(47)));
    });

  async function prove(design: ReturnType<typeof bursts>): Promise<string> {
    const { files, top } = printVerilog(claims(design));
    const rules = 'sat -seq 1 -set-at 1 rst 1 -set assumed 1 -timeout 60';
    const script = `read_verilog a.v; hierarchy -check -top ${top}; proc; flatten; opt_clean; ${rules} -tempinduct -maxsteps 4 -prove wrong 0 ${top}`;
    const { status, log } = await yosys(script, { 'a.v': files.map((f) => f.text).join('\n') }, { seconds: 120 });
    if (status !== 0) throw new Error(log.slice(-2000));
    return log;
  }

  /** Bursts that see only what is left of the region. */
  function careless(design: ReturnType<typeof bursts>): ReturnType<typeof bursts> {
    const node = [...design.module.names].find(([, name]) => name === 'words_in_page')![0];
    const far = (_: unknown, create: (n: object) => never): never =>
      create({ tag: 'const', width: node.width, signed: false, value: 64n });
    return { ...design, module: rewriteModule(design.module, { values: new Map([[node, far as never]]) }) };
  }

  let [good, bad] = ['', ''];
  beforeAll(async () => {
    [good, bad] = await Promise.all([prove(bursts(small)), prove(careless(bursts(small)))]);
  });
  it('do not cross a page, for any regions', () => {
    expect(good).toMatch(/Induction step proven: SUCCESS!/);
  });
  it('refuted where the page is not looked at', () => {
    expect(bad).toMatch(/model found for base case: FAIL!/);
  });
});
