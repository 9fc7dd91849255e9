import { describe, expect, test } from "vitest";
import type { Ledger } from "#model/ports.ts";
import { windowConformance } from "./ledger-windows.ts";

/** One table as several processes see it, and the time that they know. */
export interface LedgerUnderTest {
  /** The time between two moments of a destination, in milliseconds. */
  readonly spacingMs: number;
  nowMs(): number;
  /** Lets this much time pass. */
  advance(ms: number): void;
  as(owner: string): Ledger;
}

/** Keys and destinations that no other case uses: a table may be shared. */
let cases = 0;
const fresh = (what: string) => `${what} of case ${++cases}`;
const MINUTE = 60_000;
/** Any moment will do. */
const LATE = Number.MAX_SAFE_INTEGER;
const object = (key: string, bucket = "example-cloudtrail-logs") => ({ bucket, key });

/**
 * What every {@link Ledger} does.
 * @param open makes or finds a table
 */
export function ledgerConformance(name: string, open: () => LedgerUnderTest): void {
  describe(`a ledger: ${name}`, () => {
    test("gives a key to the first who claims it, until the claim ends", async () => {
      const table = open();
      const [me, other] = [table.as("me"), table.as("other")];
      const key = fresh("key");
      const untilMs = table.nowMs() + MINUTE;
      const first = await me.claim(key, untilMs);
      const meanwhile = [await other.claim(key, untilMs + 1), await me.claim(key, untilMs + 2)];
      table.advance(MINUTE);
      const atTheEnd = await other.claim(key, untilMs + MINUTE);
      table.advance(1);
      const later = await other.claim(key, untilMs + MINUTE);
      expect({ first, meanwhile, atTheEnd, later }).toEqual({
        first: { kind: "mine" },
        meanwhile: [
          { kind: "held", untilMs },
          { kind: "held", untilMs },
        ],
        atTheEnd: { kind: "held", untilMs },
        later: { kind: "mine" },
      });
    });

    test("knows for everybody and for good what was told", async () => {
      const table = open();
      const [me, other] = [table.as("me"), table.as("other")];
      const [told, untold, claimed] = [fresh("told"), fresh("untold"), fresh("claimed")];
      await me.claim(told, table.nowMs() + MINUTE);
      await me.claim(claimed, table.nowMs() + MINUTE);
      await me.confirm(told);
      // Nothing that comes too late changes that.
      await me.release(told);
      await other.release(told);
      table.advance(2 * MINUTE);
      expect({
        delivered: await other.delivered([untold, told, claimed, told]),
        claims: [await other.claim(told, table.nowMs() + MINUTE), await me.claim(told, table.nowMs() + MINUTE)],
      }).toEqual({ delivered: new Set([told]), claims: [{ kind: "delivered" }, { kind: "delivered" }] });
    });

    test("takes as told what was told without a claim, and after a claim that ended", async () => {
      const table = open();
      const [me, other] = [table.as("me"), table.as("other")];
      const [unclaimed, late] = [fresh("unclaimed"), fresh("late")];
      await me.confirm(unclaimed);
      await me.claim(late, table.nowMs() + MINUTE);
      table.advance(2 * MINUTE);
      await other.claim(late, table.nowMs() + MINUTE);
      await me.confirm(late);
      expect(await other.delivered([unclaimed, late])).toEqual(new Set([unclaimed, late]));
    });

    test("frees a key that is released by whoever claimed it, and by nobody else", async () => {
      const table = open();
      const [me, other] = [table.as("me"), table.as("other")];
      const key = fresh("key");
      const untilMs = table.nowMs() + MINUTE;
      await me.claim(key, untilMs);
      await other.release(key);
      const held = await other.claim(key, untilMs);
      await me.release(key);
      const free = await other.claim(key, untilMs);
      await me.release(key);
      const taken = await me.claim(key, untilMs);
      await me.release(fresh("never claimed"));
      expect([held, free, taken]).toEqual([{ kind: "held", untilMs }, { kind: "mine" }, { kind: "held", untilMs }]);
    });

    test("gives a key to one of twenty who claim it at once", async () => {
      const table = open();
      const key = fresh("key");
      const untilMs = table.nowMs() + MINUTE;
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => table.as(`process ${index}`).claim(key, untilMs)),
      );
      expect(claims.map(({ kind }) => kind).sort()).toEqual([...Array(19).fill("held"), "mine"]);
    });

    test("gives a key whose claim has ended to one of twenty", async () => {
      const table = open();
      const key = fresh("key");
      await table.as("killed").claim(key, table.nowMs() + MINUTE);
      table.advance(MINUTE + 1);
      const untilMs = table.nowMs() + MINUTE;
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => table.as(`process ${index}`).claim(key, untilMs)),
      );
      expect(claims.map(({ kind }) => kind).sort()).toEqual([...Array(19).fill("held"), "mine"]);
    });

    test("finds what was told among very many keys, in any script and of the greatest length", async () => {
      const table = open();
      const ledger = table.as("me");
      const prefix = fresh("key");
      const keys = Array.from({ length: 250 }, (_, index) => `${prefix} ${index}`);
      const odd = [`${prefix} ü 日本 👍 \u0000 "\\`, `${prefix} `.padEnd(2_000, "x")];
      const told = [...keys.filter((_, index) => index % 7 === 0), ...odd];
      for (const key of told) await ledger.confirm(key);
      expect(await ledger.delivered([...keys, ...odd])).toEqual(new Set(told));
    });

    test("has nothing to say about no keys and no objects", async () => {
      const ledger = open().as("me");
      expect([await ledger.delivered([]), await ledger.processed([])]).toEqual([new Set(), new Map()]);
    });

    test("gives out the moments of a destination one after the other, and none before it is wanted", async () => {
      const table = open();
      const { spacingMs } = table;
      const [me, other] = [table.as("me"), table.as("other")];
      const [busy, quiet] = [fresh("destination"), fresh("destination")];
      const beginMs = table.nowMs();
      const moments = [
        await me.takeSlot(busy, beginMs, LATE),
        await other.takeSlot(busy, beginMs, LATE),
        // Whom Slack asked for patience; who comes later comes after it, too.
        await me.takeSlot(busy, beginMs + 10 * spacingMs, LATE),
        await other.takeSlot(busy, beginMs, LATE),
        await me.takeSlot(quiet, beginMs - MINUTE, LATE),
      ];
      table.advance(MINUTE);
      moments.push(await other.takeSlot(busy, beginMs, LATE), await other.takeSlot(busy, beginMs + MINUTE, LATE));
      expect(moments.map((ms = 0) => ms - beginMs)).toEqual([
        0,
        spacingMs,
        10 * spacingMs,
        11 * spacingMs,
        0,
        MINUTE,
        MINUTE + spacingMs,
      ]);
    });

    test("takes no moment that comes too late", async () => {
      const table = open();
      const { spacingMs } = table;
      const ledger = table.as("me");
      const destination = fresh("destination");
      const nowMs = table.nowMs();
      const soon = nowMs + spacingMs / 2;
      const moments = [
        await ledger.takeSlot(destination, nowMs, soon),
        await ledger.takeSlot(destination, nowMs, soon),
        await ledger.takeSlot(destination, nowMs + 2 * spacingMs, soon),
        await ledger.takeSlot(destination, nowMs, nowMs + spacingMs),
      ];
      expect(moments).toEqual([nowMs, undefined, undefined, nowMs + spacingMs]);
    });

    test.each([20, 60])("gives each of %d who ask at once a moment of its own", async (count) => {
      const table = open();
      const destination = fresh("destination");
      const nowMs = table.nowMs();
      const moments = await Promise.all(
        Array.from({ length: count }, (_, index) => table.as(`process ${index}`).takeSlot(destination, nowMs, LATE)),
      );
      expect(moments.map((ms = 0) => ms - nowMs).sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, index) => index * table.spacingMs),
      );
    });

    test("knows which objects were processed, and with which hash at last", async () => {
      const table = open();
      const [me, other] = [table.as("me"), table.as("other")];
      const prefix = fresh("AWSLogs/111111111111/CloudTrail/eu-central-1/2025/06/11/x");
      const longest = object(`${prefix}/`.padEnd(1_024, "k"), "b".repeat(63));
      const sha256 = (digit: string) => ({ sha256: digit.repeat(64) });
      await me.markProcessed(object(`${prefix} a`), sha256("a"));
      await me.markProcessed(object(`${prefix} b ü+%`), sha256("b"));
      await me.markProcessed(object(`${prefix} a`, "another-bucket"), sha256("c"));
      await me.markProcessed(longest, sha256("d"));
      await other.markProcessed(object(`${prefix} b ü+%`), sha256("e"));
      const never = Array.from({ length: 150 }, (_, index) => object(`${prefix} never ${index}`));
      const asked = [object(`${prefix} b ü+%`), ...never, object(`${prefix} a`), longest, object(`${prefix} a`)];
      expect(await other.processed(asked)).toEqual(
        new Map([
          [`s3://example-cloudtrail-logs/${prefix} a`, sha256("a")],
          [`s3://example-cloudtrail-logs/${prefix} b ü+%`, sha256("e")],
          [`s3://${longest.bucket}/${longest.key}`, sha256("d")],
        ]),
      );
    });

    test("keeps keys, destinations and objects apart, whatever they are called", async () => {
      const table = open();
      const ledger = table.as("me");
      const key = fresh("s3://example-cloudtrail-logs/k");
      const ref = object(key.slice("s3://example-cloudtrail-logs/".length));
      await ledger.markProcessed(ref, { sha256: "a".repeat(64) });
      await ledger.takeSlot(key, table.nowMs(), LATE);
      expect([
        await ledger.delivered([key]),
        await ledger.claim(key, table.nowMs() + MINUTE),
        (await ledger.processed([ref])).size,
      ]).toEqual([new Set(), { kind: "mine" }, 1]);
    });

    windowConformance(open);
  });
}
