/** The tables of some rows: the sums of every four columns, looked up by the weights of each row. */
import { bit, cat, type Design, defineModule, input, output, pack, uint, unpack } from '../../../gen/index.ts';
import { type MatmulParameters, matmulWidths, tableColumns } from '../parameters.ts';

const ports = (p: MatmulParameters, rows: number) => {
  const w = matmulWidths(p);
  return {
    write: input(bit, 'an entry of every table of a load is written'),
    address: input(uint(tableColumns + 1), 'its bank and number'),
    chunk: input(uint(w.chunk), 'which load of the K columns'),
    values: input(uint((w.load / tableColumns) * w.entry), 'the entries, the first columns in the low bits'),
    bank: input(bit, 'of the tables that are read'),
    weight: input(uint(rows * p.columns), 'bits of K weights of each row'),
    entries: output(uint(rows * (p.columns / tableColumns) * w.entry), 'of each row and table, at once'),
  };
};

/** Most rows that read one RAM32M16, which has a port to write and seven to read two bits. */
export const rowsPerRam = 7;

/**
 * Bits side by side in a memory. A RAM32M16 (8 LUTs) holds 14 bits that one row reads, or two that seven rows read at addresses of their
 * own: the cheaper cut for so many rows. With fewer than seven Yosys takes one for each row and two bits. Other tools cut as they like.
 */
function cut({ cells = 'portable' }: MatmulParameters, rows: number, width: number): number {
  return cells === 'xilinx' && rows === rowsPerRam && Math.ceil(width / 2) < rows * Math.ceil(width / 14) ? 2 : width;
}

/** LUTs of the tables of all rows: RAM32M16 as `cut` has them. */
export function cellsOfTables(p: MatmulParameters): number {
  const { entry } = matmulWidths(p);
  let luts = 0;
  for (let first = 0; first < p.lanes; first += rowsPerRam) {
    const rows = Math.min(rowsPerRam, p.lanes - first);
    const rams = cut(p, rows, entry) === 2 ? Math.ceil(entry / 2) : rows * Math.ceil(entry / 14);
    luts += 8 * rams * (p.columns / tableColumns);
  }
  return luts;
}

export function tables(p: MatmulParameters, rows: number): Design<ReturnType<typeof ports>> {
  const w = matmulWidths(p);
  const count = p.columns / tableColumns;
  return defineModule(
    {
      name: `matmul_tables_k${p.columns}_a${w.activation}_r${rows}`,
      doc: `${count} tables of 16 sums of ${tableColumns} activations in two banks, read by ${rows} rows.`,
      ports: ports(p, rows),
    },
    (m, io) => {
      const perLoad = w.load / tableColumns;
      const values = unpack(io.values, w.entry);
      const weights = unpack(io.weight, p.columns).map((row) => unpack(row, tableColumns));
      if (w.chunks === 1) m.unused(io.chunk);
      const enables = Array.from({ length: w.chunks }, (_, c) =>
        w.chunks === 1 ? io.write : io.write.and(io.chunk.eq(c)).named(`write_${c}`),
      );
      const step = cut(p, rows, w.entry);
      const entries = Array.from({ length: count }, (_, t) => {
        const value = values[t % perLoad]!;
        const addresses = weights.map((row, r) => cat(io.bank, row[t]!).named(`address_${t}_${r}`));
        const slices = Array.from({ length: Math.ceil(w.entry / step) }, (_, s) => {
          const [low, high] = [s * step, Math.min(w.entry, (s + 1) * step)];
          const name = step === w.entry ? `${t}` : `${t}_${s}`;
          const memory = m.memory(`table_${name}`, { depth: 32, shape: uint(high - low), style: 'distributed' });
          memory.write({
            address: io.address,
            data: value.slice(high - 1, low),
            enable: enables[Math.floor(t / perLoad)]!,
          });
          return addresses.map((address, r) => memory.readNow(`entry_${name}_${r}`, address));
        });
        return weights.map((_, r) => pack(slices.map((s) => s[r]!)));
      });
      io.entries.drive(pack(weights.flatMap((_, r) => entries.map((ofRows) => ofRows[r]!))));
    },
  );
}
