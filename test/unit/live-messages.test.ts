import { describe, expect, test } from "vitest";
import { liveMessages } from "#alerts/live-messages.ts";
import type { Log } from "#model/ports.ts";
import { PLAIN_MESSAGES } from "#model/settings.ts";
import { type FakeAccounts, fakeAccounts, fakeClock } from "#test/support/fakes.ts";

const HOUR_MS = 60 * 60_000;
const DENIED = new Error("not authorized to perform: organizations:ListAccounts");

function setUp(accounts: FakeAccounts, over: Partial<typeof PLAIN_MESSAGES> = {}) {
  const clock = fakeClock();
  const logged: unknown[] = [];
  const none = () => {};
  const log: Log = { debug: none, info: none, error: none, warning: (...line) => void logged.push(line) };
  const settings = { ...PLAIN_MESSAGES, timeZone: "Europe/Berlin", namesFromOrganizations: true, ...over };
  const messages = liveMessages(settings, accounts, clock, log);
  /** @returns the names after asking */
  const names = async (afterMs = 0, withinMs = 5_000) => {
    clock.advance(afterMs);
    await messages.refresh(withinMs);
    return messages.now().accountNames;
  };
  return { clock, logged, messages, names };
}

const ORGANIZATION = [{ "111111111111": "payments" }, { "222222222222": "security" }];
const NAMES = { "111111111111": "payments", "222222222222": "security" };

describe("names of accounts from AWS Organizations", () => {
  test("are those of all pages; the rest of the settings stays", async () => {
    const { names, messages } = setUp(fakeAccounts(...ORGANIZATION));
    expect([await names(), messages.now().timeZone]).toEqual([NAMES, "Europe/Berlin"]);
  });

  test("are not asked for unless the settings say so", async () => {
    const accounts = fakeAccounts(...ORGANIZATION);
    const { names } = setUp(accounts, { namesFromOrganizations: false, accountNames: { "333333333333": "mine" } });
    expect([await names(), accounts.asked]).toEqual([{ "333333333333": "mine" }, 0]);
  });

  test("give way to configured ones", async () => {
    const { names } = setUp(fakeAccounts(...ORGANIZATION), { accountNames: { "111111111111": "mine" } });
    expect(await names()).toEqual({ ...NAMES, "111111111111": "mine" });
  });

  test("are cut", async () => {
    const { names } = setUp(fakeAccounts({ "111111111111": "x".repeat(1_000) }));
    expect(await names()).toEqual({ "111111111111": `${"x".repeat(79)}…` });
  });

  test("are asked for once an hour, and then follow what changed", async () => {
    const accounts = fakeAccounts(...ORGANIZATION);
    const { names } = setUp(accounts);
    await names();
    accounts.pages = [{ "222222222222": "audit", "333333333333": "new" }];
    expect([await names(HOUR_MS - 1), accounts.asked]).toEqual([NAMES, 1]);
    expect([await names(1), accounts.asked]).toEqual([
      { "111111111111": "payments", "222222222222": "audit", "333333333333": "new" },
      2,
    ]);
  });

  test("are read on by the next call where the time does not suffice", async () => {
    const accounts = fakeAccounts(...ORGANIZATION);
    const { names } = setUp(accounts);
    expect(await names(0, 0)).toEqual(ORGANIZATION[0]);
    expect([await names(0, 0), accounts.asked]).toEqual([NAMES, 1]);
  });

  test("are kept when asking fails, which is logged once, and tried again after five minutes", async () => {
    const accounts = fakeAccounts({ "111111111111": "payments" }, DENIED);
    const { names, logged } = setUp(accounts);
    expect(await names()).toEqual({ "111111111111": "payments" });
    await names(5 * 60_000 - 1);
    expect(accounts.asked).toBe(1);
    await names(1);
    expect([accounts.asked, logged]).toEqual([
      2,
      [["AWS Organizations does not tell the names of accounts", { reason: DENIED.message }]],
    ]);
    accounts.pages = ORGANIZATION;
    expect(await names(5 * 60_000)).toEqual(NAMES);
    accounts.pages = [DENIED];
    expect([await names(HOUR_MS), logged.length]).toEqual([NAMES, 2]);
  });
});
