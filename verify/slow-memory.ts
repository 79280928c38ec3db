/** A memory behind the ports of a streamed store: it answers in order, after a while. */
import { type Agent, createRandom, type Engine } from '../sim/index.ts';

export interface SlowMemory extends Agent {
  readonly words: bigint[];
  /** How often each word was fetched, and put. */
  readonly fetches: number[];
  readonly puts: number[];
}

/** `latency`: cycles from a request to its answer; stalls at random. It is always done: the results tell when all is. */
export function slowMemory(
  engine: Engine,
  store: string,
  words: bigint[],
  { latency, stall, seed }: { readonly latency: number; readonly stall: number; readonly seed: number },
): SlowMemory {
  const random = createRandom(seed);
  const port = (name: string) => engine.handle(`${store}_${name}`);
  const [fetch, put] = ['fetch', 'put'].map((s) => ({ valid: port(`${s}_valid`), ready: port(`${s}_ready`) })) as [
    Pair,
    Pair,
  ];
  const [address, putAddress, putWord] = [port('fetch_data'), port('put_address'), port('put_word')];
  const [fetchedValid, fetchedData, storedValid] = [port('fetched_valid'), port('fetched_data'), port('stored_valid')];
  const fetches = words.map(() => 0);
  const puts = words.map(() => 0);
  const wanted: Due[] = [];
  const given: Due[] = [];
  let cycle = 0;
  const due = (queue: readonly Due[]): boolean => queue.length > 0 && queue[0]!.at <= cycle && !random.chance(stall);
  const accepted = (s: Pair): boolean => s.valid.getNumber() === 1 && s.ready.getNumber() === 1;
  let [answers, stores] = [false, false];
  return {
    words,
    fetches,
    puts,
    drive: () => {
      answers = due(wanted);
      stores = due(given);
      if (stores) words[given[0]!.address] = given[0]!.word;
      if (answers) fetchedData.set(words[wanted[0]!.address]!);
      fetchedValid.set(answers ? 1 : 0);
      storedValid.set(stores ? 1 : 0);
      for (const s of [fetch, put]) s.ready.set(random.chance(stall) ? 0 : 1);
    },
    observe: () => {
      if (answers) wanted.shift();
      if (stores) given.shift();
      const at = ++cycle + latency - 1;
      if (accepted(fetch)) {
        fetches[address.getNumber()]!++;
        wanted.push({ at, address: address.getNumber(), word: 0n });
      }
      if (accepted(put)) {
        puts[putAddress.getNumber()]!++;
        given.push({ at, address: putAddress.getNumber(), word: putWord.get() });
      }
    },
    get done() {
      return given.length === 0;
    },
    get moved() {
      return cycle;
    },
    describe: () => `${store}: ${wanted.length} words to give, ${given.length} to store`,
  };
}

type Port = ReturnType<Engine['handle']>;
interface Pair {
  readonly valid: Port;
  readonly ready: Port;
}
interface Due {
  readonly at: number;
  readonly address: number;
  readonly word: bigint;
}
