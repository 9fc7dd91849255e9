import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { keyOf, logFile, record } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import { headlineOf, toldAlerts } from "#test/support/told.ts";

const GOOD = {
  id: "bucket-created",
  title: "A bucket was created",
  severity: "high",
  expression: "eventName == 'CreateBucket'",
};
/** As long as 300 rules may well be: 200 characters each, none like another. */
const MANY = Array.from({ length: 300 }, (_, index) => {
  const noise = [0, 1].map((part) => createHash("sha512").update(`${index} ${part}`).digest("base64")).join("");
  return `${`eventName == 'CreateBucket' && requestParameters.bucketName == '${noise}`.slice(0, 199)}'`;
});

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let put: (id: string) => Promise<void>;

beforeAll(async () => {
  ministack = await startEmulators();
  slack = await startSlackStandIn();
  root = await openOnMinistack("test/e2e/root", {
    ministack,
    functionName: "versions",
    variables: { name: "versions", hook: slack.hook("first"), rules: [GOOD] },
  });
  await root.apply();
  const write = bucketWriter(ministack);
  const bucket = String((await root.outputs()).bucket);
  put = (id) => write(bucket, keyOf(id), logFile(record({ eventID: id })));
});

afterAll(async () => {
  await root?.destroy().finally(() => root.close());
  await slack?.close();
  await ministack?.stop();
});

describe("a new version of the configuration", () => {
  test("goes live when its self-check passes", async () => {
    await put("before");
    const [message] = await slack.waitFor("first", 1, 20_000);
    expect(message && headlineOf(message)).toBe("🟠 HIGH · A bucket was created");
  });

  test("is refused with the place of every mistake, while the previous one keeps running", async () => {
    const rules = [GOOD, "eventName == == 'CreateUser'", "eventName|shout == 'x'"];
    const output = await root.apply({ variables: { rules }, expectFailure: true });
    const flat = output.replaceAll(/^[│╷╵] ?/gm, "");
    expect(flat).toContain("The configuration was refused; the previous version keeps running.");
    expect(flat).toContain('rules[1]: the expression has an unexpected "==" at line 1, column 14:');
    expect(flat).toContain("  eventName == == 'CreateUser'\n               ^");
    expect(flat).toContain('rules[2]: the expression uses the unknown transform "shout"');
    await put("meanwhile");
    await slack.waitFor("first", 2, 20_000);
    expect(toldAlerts(slack.received())).toEqual(["first before", "first meanwhile"]);
  });

  test("goes live after the mistake is mended, with 300 rules of 200 characters", async () => {
    await root.apply({ variables: { rules: [GOOD, ...MANY] } });
    expect(MANY.map((rule) => rule.length).every((length) => length === 200)).toBe(true);
    expect(await root.pendingChanges()).toEqual([]);
    await put("after");
    await slack.waitFor("first", 3, 20_000);
  });

  test("notices a rotated hook, and keeps both out of the state", async () => {
    await root.apply({ variables: { hook: slack.hook("second") } });
    expect(await root.pendingChanges()).toEqual([]);
    await put("rotated");
    await slack.waitFor("second", 1, 20_000);
    const state = await root.state();
    for (const channel of ["first", "second"]) expect(state).not.toContain(new URL(slack.hook(channel)).pathname);
  });
});
