/** A memory behind the streams of a scan core that keep its state. */
import { type Agent, createRandom, type Engine, pausing, SimProblem } from '../sim/index.ts';
import type { ScanJob } from './job.ts';
import type { Pauses } from './pauses.ts';

export interface ExternalMemory extends Agent {
  /** What it holds. */
  readonly words: bigint[];
  /** How often each word was read and written. */
  readonly reads: number[];
  readonly writes: number[];
}

/**
 * Words of `slots` regions behind a pair of streams. A word is given when its last token's has come back; token 0 is given
 * zeros. Both streams pause at random; what is not valid is noise.
 */
export function externalMemory(
  engine: Engine,
  stream: string,
  words: bigint[],
  region: number,
  jobs: readonly ScanJob[],
  pauses: Pauses,
): ExternalMemory {
  const random = createRandom(7);
  const [givesLate, takesLate] = [pausing(random, pauses), pausing(random, pauses)];
  let cycle = 0;
  const port = (name: string) => engine.handle(name);
  const [valid, ready, data] = ['valid', 'ready', 'data'].map((f) => port(`${stream}_${f}`)) as [Port, Port, Port];
  const [newValid, newReady, newData] = ['valid', 'ready', 'data'].map((f) => port(`new_${stream}_${f}`)) as [
    Port,
    Port,
    Port,
  ];
  const order = jobs.flatMap((j) =>
    Array.from({ length: region }, (_, i) => ({ at: j.slot * region + i, clear: j.token === 0 })),
  );
  const reads = words.map(() => 0);
  const writes = words.map(() => 0);
  let given = 0;
  let taken = 0;
  let offered = false;
  return {
    words,
    reads,
    writes,
    drive: () => {
      const next = order[given];
      const late = givesLate(cycle);
      if (!offered) {
        offered = next !== undefined && reads[next.at] === writes[next.at] && !late;
        data.set(offered ? (next!.clear ? 0n : words[next!.at]!) : random.bits(data.port.width));
      }
      valid.set(offered ? 1 : 0);
      newReady.set(takesLate(cycle++) ? 0 : 1);
    },
    observe: () => {
      if (offered && ready.getNumber() === 1) {
        reads[order[given++]!.at]!++;
        offered = false;
      }
      if (newValid.getNumber() === 0 || newReady.getNumber() === 0) return;
      const { at } = order[taken++] ?? refuse(stream, order.length);
      words[at] = newData.get();
      writes[at]!++;
    },
    get done() {
      return taken === order.length;
    },
    get moved() {
      return given + taken;
    },
    describe: () => `${stream}: ${given} words given, ${taken} taken of ${order.length}`,
  };
}
type Port = ReturnType<Engine['handle']>;

function refuse(stream: string, words: number): never {
  throw new SimProblem({
    id: 'external-memory',
    what: 'a word came back that was never given',
    where: `new_${stream}`,
    expected: `${words} words`,
    found: 'one more',
    remedy: 'write back every word that was read, once',
  });
}
