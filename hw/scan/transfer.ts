/** Saving and restoring a store from outside, between the tokens. */
import { bit, type Design, type Drivable, defineModule, sink, source, type UInt, uint } from '../../gen/index.ts';
import { arbiter, connect, fifo, fork } from '../../gen/stream/index.ts';
import { only } from './fields.ts';
import { regionShape, type StoreParameters, storeInterface, tokensUnderWay, walkWords } from './region.ts';
import { type ChipStoreParameters, stateStore } from './store.ts';

/** Whose turn it is, and that its next word may move. */
interface Turn {
  readonly busy: UInt;
  readonly transfer: UInt;
  readonly save: UInt;
  readonly allowed: Drivable<typeof bit>;
}

export const transferPorts = (s: StoreParameters) => {
  const { base, words } = regionShape(s);
  return {
    transfer: sink({ base, words, save: bit }, 'a region to save, or else to restore'),
    saved: source(uint(s.width), 'the words of a region that is saved'),
    restored: sink(uint(s.width), 'the words of a region that is restored'),
  };
};

const transferableInterface = (s: StoreParameters) => ({ ...storeInterface(s), ...transferPorts(s) });

/**
 * The store on chip with a switch before it. A transfer takes its turn among the tokens and is one for the store: each of its words is
 * read and written once. What is saved goes out and back again; what is restored takes the place of what is read. So nothing is under
 * way that a transfer could miss, and only its own region's words move. 1 word per cycle.
 */
export function transferableStore(s: ChipStoreParameters): Design<ReturnType<typeof transferableInterface>> {
  const shape = regionShape(s);
  const turn = { ...shape, transfer: bit, save: bit };
  return defineModule(
    {
      name: `scan_transferable_${s.name}_w${s.width}_d${s.depth}`,
      doc: `${s.depth} words of ${s.width} bits, whose regions can be saved and restored between the tokens.`,
      ports: transferableInterface(s),
    },
    (m, io) => {
      const store = m.instance('store', stateStore(s));
      const [no, yes] = [m.constant(bit, 0), m.constant(bit, 1)];
      const turns = m.instance('turns', arbiter(turn, ['tokens', 'transfers']));
      m.unused(turns.from);
      turns.tokens.valid.drive(io.region.valid);
      turns.tokens.payload.drive({ ...io.region.payload, transfer: no, save: no });
      io.region.ready.drive(turns.tokens.ready);
      const { base, words, save } = io.transfer.payload;
      turns.transfers.valid.drive(io.transfer.valid);
      turns.transfers.payload.drive({ base, words, clear: save.not(), transfer: yes, save });
      io.transfer.ready.drive(turns.transfers.ready);
      const fan = m.instance('fan', fork(turn, ['store', 'reads', 'writes']));
      connect(fan.in, turns.out);
      connect(store.region, only(m, fan.store, shape));

      m.comment('Whose words come out of the store and go into it, in the order of the turns.');
      const side = (name: 'reads' | 'writes', moves: (turn: Turn) => void) => {
        const fields = { base: shape.base, words: shape.words, transfer: bit, save: bit };
        const queue = m.instance(`${name}_turns`, fifo(fields, { depth: tokensUnderWay, style: 'distributed' }));
        m.unused(queue.count);
        connect(queue.in, only(m, fan[name], fields));
        const allowed = m.wire(`${name}_allowed`, bit);
        const walk = walkWords(m, name, queue.out, allowed);
        m.unused(walk.address);
        const held = m.delay(
          `${name}_turn`,
          { transfer: queue.out.payload.transfer, save: queue.out.payload.save },
          { enable: walk.take },
        );
        moves({ busy: walk.busy, transfer: held.transfer, save: held.save, allowed });
      };
      const echo = m.instance('echo', fifo(uint(s.width), { depth: 2, style: 'distributed' }));
      m.unused(echo.count);
      side('reads', ({ busy, transfer, save, allowed }) => {
        const given = busy.and(store.read.valid).named('word_read');
        const saving = transfer.and(save).named('saving');
        io.read.valid.drive(given.and(transfer.not()));
        io.saved.valid.drive(given.and(saving).and(echo.in.ready));
        echo.in.valid.drive(given.and(saving).and(io.saved.ready));
        for (const to of [io.read, io.saved, echo.in]) to.payload.drive(store.read.payload);
        const room = transfer.mux(save.not().or(io.saved.ready.and(echo.in.ready)), io.read.ready);
        store.read.ready.drive(busy.and(room));
        allowed.drive(store.read.valid.and(room));
      });
      side('writes', ({ busy, transfer, save, allowed }) => {
        const saved = transfer.and(save).named('giving_back');
        const restoring = transfer.and(save.not()).named('restoring');
        const valid = transfer.mux(save.mux(echo.out.valid, io.restored.valid), io.write.valid).named('word_given');
        store.write.valid.drive(busy.and(valid));
        store.write.payload.drive(transfer.mux(save.mux(echo.out.payload, io.restored.payload), io.write.payload));
        const ready = busy.and(store.write.ready).named('word_taken');
        io.write.ready.drive(ready.and(transfer.not()));
        echo.out.ready.drive(ready.and(saved));
        io.restored.ready.drive(ready.and(restoring));
        allowed.drive(valid.and(store.write.ready));
      });
    },
  );
}
