/**
 * Unique names within one Verilog module. The policy: ports and modules are reserved and never altered, a name that cannot
 * stand is refused when the design is made. Names asked for can be renamed: one that is taken, or no identifier, gets a number
 * or an underscore. Of several nets for one value (an unnamed cast, a slice) those without a name merge into the one that
 * has. Values without a name that need one inherit it (`inherit.ts`).
 */

/** Reserved words of SystemVerilog (IEEE 1800-2017, annex B). */
const systemVerilog = `accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before begin bind bins
  binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking cmos config const
  constraint context continue cover covergroup coverpoint cross deassign default defparam design disable dist do edge
  else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface endmodule
  endpackage endprimitive endprogram endproperty endsequence endspecify endtable endtask enum event eventually expect
  export extends extern final first_match for force foreach forever fork forkjoin function generate genvar global
  highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include initial inout input
  inside instance int integer interconnect interface intersect join join_any join_none large let liblist library local
  localparam logic longint macromodule matches medium modport module nand negedge nettype new nexttime nmos nor
  noshowcancelled not notif0 notif1 null or output package packed parameter pmos posedge primitive priority program
  property protected pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
  randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0
  rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled
  signed small soft solve specify specparam static string strong strong0 strong1 struct super supply0 supply1
  sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri
  tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped use uwire var
  vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor`;

/** Those of C++20 besides, in which Verilator writes. */
const cxx = `alignas alignof and_eq asm auto bitand bitor bool catch char char16_t char32_t char8_t co_await co_return co_yield
  compl concept const_cast consteval constexpr constinit decltype delete double dynamic_cast explicit false float
  friend goto inline long mutable namespace noexcept not_eq nullptr operator or_eq private public register
  reinterpret_cast requires short sizeof static_assert static_cast switch template thread_local throw true try typeid
  typename using volatile wchar_t xor_eq`;

const keywords = new Set(`${systemVerilog} ${cxx}`.split(/\s+/));

export const isKeyword = (name: string): boolean => keywords.has(name);

const plain = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A legal Verilog identifier that resembles `name`. */
export function identifier(name: string): string {
  if (plain.test(name) && !isKeyword(name)) return name;
  const legal = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9]|$)/, '_');
  return isKeyword(legal) ? `${legal}_` : legal;
}

export class Names {
  readonly #taken = new Set<string>();
  /** Next suffix to try for a base name, so that many equal wishes stay cheap. */
  readonly #next = new Map<string, number>();

  /** `name` itself: for ports, which are never altered. */
  reserve(name: string): string {
    this.#taken.add(name);
    return name;
  }

  /** `wish` or, where it is taken, `wish_1`, `wish_2`, ... */
  unique(wish: string): string {
    const base = identifier(wish);
    let found = base;
    for (let i = this.#next.get(base) ?? 1; this.#taken.has(found); i++) {
      found = `${base}_${i}`;
      this.#next.set(base, i + 1);
    }
    this.#taken.add(found);
    return found;
  }
}
