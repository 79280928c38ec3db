/** A design of a million nodes from its module to the first cycle, in a process of its own: prints seconds, bytes and nodes as JSON. */
import { type Design, defineModule, input, output, type UInt, uint } from '../../gen/index.ts';
import { createRandom, createSimulator, reset } from '../../sim/index.ts';

/** Rows of registers with logic between them: each takes a function of three random ones of the row before. */
function layered(nodes: number): Design {
  const word = uint(32);
  const width = 1000;
  const ports = { x: input(word, 'first value'), y: output(word, 'result') };
  return defineModule({ name: 'layered', doc: 'A million nodes.', ports }, (m, { x, y }) =>
    m.located(() => {
      const random = createRandom(1);
      let row: UInt[] = Array.from({ length: width }, (_, i) => x.add(i).trunc(32));
      for (let made = 0; made < nodes; made += 7 * width) {
        const pick = () => row[random.below(width)]!;
        row = row.map((own, i) => {
          const sum = own.add(pick()).trunc(32).xor(pick());
          return m.delay(`r${made + i}`, pick().lt(own).mux(sum, own.and(pick())), { reset: 0 });
        });
      }
      y.drive(row.reduce((a, b) => a.xor(b)));
    }),
  ) as unknown as Design;
}

const { module } = layered(1_000_000);
(globalThis as { gc?: () => void }).gc?.();
const before = process.memoryUsage().rss;
const start = performance.now();
const used = process.cpuUsage();
const sim = createSimulator(module);
reset(sim, 1);
sim.step(1);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(used);
const { rss } = process.memoryUsage();
const peak = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    nodes: sim.statistics.nodes,
    peak,
    added: rss - before,
  }),
);
