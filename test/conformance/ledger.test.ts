import { SPACING_MS } from "#ledger/guarded-ledger.ts";
import { fakeClock, fakeLedger } from "#test/support/fakes.ts";
import { ledgerConformance } from "./ledger.ts";

ledgerConformance("in memory", () => {
  const clock = fakeClock();
  const table = fakeLedger(clock);
  return { spacingMs: SPACING_MS, nowMs: clock.nowMs, advance: clock.advance, as: table.as };
});
