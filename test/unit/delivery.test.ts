import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createDeliver } from "#delivery/deliver.ts";
import { hookProblem } from "#delivery/hook-url.ts";
import { type Metadata, metadataOf } from "#delivery/metadata.ts";
import { cachedSecrets } from "#delivery/secrets.ts";
import { classify, noAnswer } from "#delivery/slack-answer.ts";
import { plainMessage, slackMessage } from "#delivery/slack-message.ts";
import { topicMessage } from "#delivery/topic-message.ts";
import type { Delivery, Destination, Mention } from "#model/destination.ts";
import type { News, Notice } from "#model/news.ts";
import type { DeliveryOptions } from "#model/ports.ts";
import { ALERT } from "#test/support/alerts.ts";
import { accessDenied, fakeClock, fakeParameters, fakePublisher } from "#test/support/fakes.ts";
import { pings } from "#test/support/slack-stand-in/block-kit.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";

const NEWS: Notice = {
  kind: "notice",
  severity: "high",
  title: "A rule does not work",
  facts: [{ label: "Rule", value: "a" }],
};
const HOOK: Destination = { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" };
const APP: Destination = { kind: "slack_app", name: "app", channelId: "C0123456789", tokenParameter: "/token" };
const SNS: Destination = { kind: "sns", name: "topic", topicArn: "arn:aws:sns:eu-central-1:111111111111:alerts" };
const TOKEN = "xoxb-111111111111-secret";
/** The first message in the app's channel, posted when a test's clock had gone on by this much. */
const postedAfter = (ms: number) => ({
  channelId: "C0123456789",
  ts: `${Math.floor((fakeClock().nowMs() + ms) / 1_000)}.000001`,
});

describe("hookProblem", () => {
  const HOSTS = ["hooks.slack.com", "hooks.slack-gov.com"];
  const SECRET = "/services/T00000000/B00000000/secretsecretsecretsecret";
  test.each([
    ["allows a hook of Slack", `https://hooks.slack.com${SECRET}`, undefined],
    ["allows every host that is configured", `https://hooks.slack-gov.com${SECRET}`, undefined],
    ["does not mind upper case in a host", `HTTPS://HOOKS.SLACK.COM${SECRET}`, undefined],
    ["allows the stand-in on this machine", `http://127.0.0.1:3000${SECRET}`, undefined],
    ["allows this machine by its other names", `http://localhost:3000${SECRET}`, undefined],
    ["allows this machine's IPv6 address", `http://[::1]:3000${SECRET}`, undefined],
    ["refuses nothing", "", "is not a URL: it should look like https://hooks.slack.com/services/…"],
    ["refuses words", "my hook", "is not a URL: it should look like https://hooks.slack.com/services/…"],
    ["refuses a path", SECRET, "is not a URL: it should look like https://hooks.slack.com/services/…"],
    ["refuses plain http", `http://hooks.slack.com${SECRET}`, "does not begin with https://"],
    ["refuses other protocols", `file://hooks.slack.com${SECRET}`, "does not begin with https://"],
    ["refuses credentials", `https://user:password@hooks.slack.com${SECRET}`, "has a user name or a password in it"],
    [
      "refuses other hosts",
      `https://hooks.example.com${SECRET}`,
      `points at the host hooks.example.com, which is not in allowed_hook_hosts (${HOSTS.join(", ")})`,
    ],
    [
      "refuses a host that ends like an allowed one",
      `https://evil-hooks.slack.com${SECRET}`,
      `points at the host evil-hooks.slack.com, which is not in allowed_hook_hosts (${HOSTS.join(", ")})`,
    ],
    [
      "refuses a host that begins like an allowed one",
      `https://hooks.slack.com.example.com${SECRET}`,
      `points at the host hooks.slack.com.example.com, which is not in allowed_hook_hosts (${HOSTS.join(", ")})`,
    ],
    [
      "refuses a host that begins like this machine",
      `http://127.0.0.1.example.com${SECRET}`,
      "does not begin with https://",
    ],
    ["refuses the metadata service", `http://169.254.169.254${SECRET}`, "does not begin with https://"],
  ])("%s", (_name, hook, expected) => {
    expect(hookProblem(hook, HOSTS)).toBe(expected);
  });
});

describe("classify", () => {
  const throttled = (retryAfterSeconds: number) => ({
    kind: "throttled",
    retryAfterSeconds,
    reason: "Slack answered 429 (rate_limited)",
  });
  test.each([
    ["ok", 200, "ok", null, { kind: "delivered" }],
    ["ok with a line end", 200, "ok\n", null, { kind: "delivered" }],
    [
      "an error behind a status of success",
      200,
      "invalid_token",
      null,
      { kind: "dead", reason: "Slack answered 200 (invalid_token)" },
    ],
    [
      "an error about the message behind a status of success",
      200,
      "invalid_blocks",
      null,
      { kind: "refused", reason: "Slack answered 200 (invalid_blocks)" },
    ],
    [
      "a hook that is gone, behind the status of a bad message",
      400,
      "no_active_hooks",
      null,
      { kind: "dead", reason: "Slack answered 400 (no_active_hooks)" },
    ],
    [
      "a failing server that says anything about the hook",
      503,
      "no_service",
      null,
      { kind: "ambiguous", reason: "Slack answered 503 (no_service)" },
    ],
    [
      "a page behind a status of success",
      200,
      "<html>",
      null,
      { kind: "refused", reason: "Slack answered 200 (no error word)" },
    ],
    ["a wait", 429, "rate_limited", "7", throttled(7)],
    ["a wait without a time", 429, "rate_limited", null, throttled(1)],
    ["a wait with nonsense for a time", 429, "rate_limited", "Wed, 21 Oct 2026", throttled(1)],
    ["a wait of less than nothing", 429, "rate_limited", "-5", throttled(1)],
    ["a wait of five minutes", 429, "rate_limited", "300", throttled(300)],
    ["a wait of a day", 429, "rate_limited", "86400", throttled(900)],
    ["a failing server", 503, "", null, { kind: "ambiguous", reason: "Slack answered 503 (no error word)" }],
    [
      "a message that Slack refuses",
      400,
      "invalid_blocks",
      null,
      { kind: "refused", reason: "Slack answered 400 (invalid_blocks)" },
    ],
    ["a hook that is gone", 404, "no_service", null, { kind: "dead", reason: "Slack answered 404 (no_service)" }],
    [
      "a hook that may not be used",
      403,
      "action_prohibited",
      null,
      { kind: "dead", reason: "Slack answered 403 (action_prohibited)" },
    ],
    [
      "a channel that is archived",
      410,
      "channel_is_archived",
      null,
      { kind: "dead", reason: "Slack answered 410 (channel_is_archived)" },
    ],
    [
      "a body that quotes the hook",
      404,
      "https://hooks.slack.com/services/T/B/secret",
      null,
      { kind: "dead", reason: "Slack answered 404 (no error word)" },
    ],
  ])("takes %s for what it is", (_name, status, body, retryAfter, expected) => {
    expect(classify(status, body, retryAfter)).toEqual(expected);
  });
});

describe("noAnswer", () => {
  const withCode = (code: string, cause?: unknown) =>
    Object.assign(new Error("https://hooks.slack.com/secret", { cause }), { code });
  const timeout = new DOMException("https://hooks.slack.com/secret", "TimeoutError");
  test.each([
    ["a code of the system", withCode("ECONNREFUSED"), "no answer from Slack (ECONNREFUSED)"],
    ["a code of the client", withCode("UND_ERR_SOCKET"), "no answer from Slack (UND_ERR_SOCKET)"],
    [
      "a code in a cause of a cause",
      new Error("a", { cause: new Error("b", { cause: withCode("ENOTFOUND") }) }),
      "no answer from Slack (ENOTFOUND)",
    ],
    ["a code that is no code", withCode("https://hooks.slack.com/secret"), "no answer from Slack"],
    ["the end of a timeout", new Error("a", { cause: timeout }), "no answer from Slack in time"],
    ["a plain error", new Error("https://hooks.slack.com/secret"), "no answer from Slack"],
    ["no error", undefined, "no answer from Slack"],
  ])("names %s and nothing else", (_name, error, reason) => {
    expect(noAnswer(error)).toEqual({ kind: "ambiguous", reason });
  });

  test("ends even when an error is its own cause", () => {
    const error = new Error("a");
    error.cause = error;
    expect(noAnswer(error)).toEqual({ kind: "ambiguous", reason: "no answer from Slack" });
  });
});

describe("cachedSecrets", () => {
  const setUp = () => {
    const clock = fakeClock();
    const parameters = fakeParameters({ "/a": " one\n", "/b": "two" });
    return { clock, parameters, secrets: cachedSecrets(parameters, clock) };
  };

  test("reads a parameter once for simultaneous and later readers, and trims it", async () => {
    const { secrets, parameters } = setUp();
    const values = await Promise.all([secrets.read("/a"), secrets.read("/a"), secrets.read("/b")]);
    expect({ values: [...values, await secrets.read("/a")], asked: parameters.asked }).toEqual({
      values: ["one", "one", "two", "one"],
      asked: [["/a"], ["/b"]],
    });
  });

  test.each([
    ["keeps it for less than five minutes", 5 * 60_000 - 1, "one"],
    ["reads it again after five minutes", 5 * 60_000, "new"],
  ])("%s", async (_name, ms, expected) => {
    const { secrets, parameters, clock } = setUp();
    await secrets.read("/a");
    parameters.values.set("/a", "new");
    clock.advance(ms);
    expect(await secrets.read("/a")).toBe(expected);
  });

  test("reads it again once it was forgotten", async () => {
    const { secrets, parameters } = setUp();
    await secrets.read("/a");
    parameters.values.set("/a", "new");
    secrets.forget("/a");
    expect(await secrets.read("/a")).toBe("new");
  });

  test("does not remember that a read failed", async () => {
    const { secrets, parameters } = setUp();
    parameters.failNext(accessDenied());
    await expect(secrets.read("/a")).rejects.toThrow("not authorized");
    expect(await secrets.read("/a")).toBe("one");
  });
});

describe("deliver", () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });

  const setUp = async () => {
    const clock = fakeClock();
    const slack: SlackStandIn = await startSlackStandIn({ nowMs: clock.nowMs });
    closers.push(() => slack.close());
    const publisher = fakePublisher();
    const hook = slack.hook("alerts");
    const parameters = fakeParameters({ "/hooks/default": hook, "/token": TOKEN });
    const deliver = createDeliver({
      secrets: cachedSecrets(parameters, clock),
      publisher,
      clock,
      allowedHookHosts: ["hooks.slack.com"],
      slackApiUrl: `${slack.url}/api/`,
      fetch,
    });
    /** What came of it; a reason must not hold any part of a secret. */
    const told = async (
      destination: Destination = HOOK,
      options: Partial<DeliveryOptions> = {},
    ): Promise<{ delivery: Delivery; slept: readonly number[]; posted: number }> => {
      const before = clock.slept.length;
      const delivery = await deliver(NEWS, destination, { withinMs: 45_000, ...options });
      const secrets = [hook, new URL(hook).pathname, hook.slice(-24), TOKEN];
      expect(secrets.filter((secret) => JSON.stringify(delivery).includes(secret))).toEqual([]);
      return { delivery, slept: clock.slept.slice(before), posted: slack.received().length };
    };
    return { slack, clock, parameters, publisher, told };
  };
  const ambiguous = (reason: unknown) => ({ kind: "ambiguous", reason });

  test("posts to the hook", async () => {
    const { told, slack } = await setUp();
    expect({ ...(await told()), text: slack.received("alerts").map(({ payload }) => Object(payload).text) }).toEqual({
      delivery: { kind: "delivered" },
      slept: [],
      posted: 1,
      text: ["🟠 HIGH · A rule does not work"],
    });
  });

  describe.each<[mention: string, mention: Mention, drawn: string, plain: string]>([
    ["a group", { kind: "group", id: "S0123456789" }, "usergroup S0123456789", "<!subteam^S0123456789>"],
    ["everyone who is there", { kind: "broadcast", range: "here" }, "broadcast here", "<!here>"],
    ["the channel", { kind: "broadcast", range: "channel" }, "broadcast channel", "<!channel>"],
  ])("mentions %s", (_mention, mention, drawn, plain) => {
    const pinged = (slack: SlackStandIn) => slack.received().map(({ payload }) => pings(payload));

    test.each([
      { ...HOOK, delivery: { kind: "delivered" } },
      { ...APP, delivery: { kind: "delivered", thread: postedAfter(0) } },
    ])("once, in a line of its own, through $kind", async ({ delivery, ...destination }) => {
      const { told, slack } = await setUp();
      expect((await told(destination, { mention })).delivery).toEqual(delivery);
      expect(pinged(slack)).toEqual([[drawn]]);
      const [line] = Object(slack.received()[0]?.payload).blocks;
      expect(line.elements).toEqual([{ type: "rich_text_section", elements: [expect.anything()] }]);
    });

    test("once in plain text, too", async () => {
      const { told, slack } = await setUp();
      slack.answerNext("alerts", { status: 400, body: "invalid_blocks" });
      expect((await told(HOOK, { mention })).delivery).toMatchObject({
        kind: "delivered",
        degraded: expect.anything(),
      });
      expect(pinged(slack)).toEqual([[plain]]);
    });
  });

  test.each([
    [
      "does not wait when Slack asks for patience, but says how much",
      { status: 429, body: "rate_limited", retryAfterSeconds: 3 },
      {
        delivery: { kind: "throttled", retryAfterSeconds: 3, reason: "Slack answered 429 (rate_limited)" },
        slept: [],
        posted: 0,
      },
    ],
    [
      "tries again when Slack fails once",
      { status: 500, body: "" },
      { delivery: { kind: "delivered" }, slept: [1_000], posted: 1 },
    ],
    [
      "gives up when Slack fails three times",
      { status: 500, body: "", times: 3 },
      { delivery: ambiguous("Slack answered 500 (no error word)"), slept: [1_000, 2_000], posted: 0 },
    ],
    [
      "tries again when the connection breaks",
      { destroySocket: "before-posting" as const },
      { delivery: { kind: "delivered" }, slept: [1_000], posted: 1 },
    ],
    [
      "tells twice at most when the answer is lost",
      { destroySocket: "after-posting" as const },
      { delivery: { kind: "delivered" }, slept: [1_000], posted: 2 },
    ],
    [
      "sends what Slack refuses once more as plain text, and says so",
      { status: 400, body: "invalid_blocks" },
      { delivery: { kind: "delivered", degraded: "Slack answered 400 (invalid_blocks)" }, slept: [], posted: 1 },
    ],
    [
      "does not send a third time what Slack refuses as plain text, too",
      { status: 400, body: "invalid_payload", times: 2 },
      { delivery: { kind: "refused", reason: "Slack answered 400 (invalid_payload)" }, slept: [], posted: 0 },
    ],
    [
      "does not take an error for success",
      { status: 200, body: "invalid_token" },
      { delivery: { kind: "dead", reason: "Slack answered 200 (invalid_token)" }, slept: [], posted: 0 },
    ],
    [
      "does not try a hook again that is gone",
      { status: 404, body: "no_service" },
      { delivery: { kind: "dead", reason: "Slack answered 404 (no_service)" }, slept: [], posted: 0 },
    ],
  ])("%s", async (_name, answer, expected) => {
    const { told, slack } = await setUp();
    slack.answerNext("alerts", answer);
    expect(await told()).toEqual(expected);
  });

  test("sends plain text as often as Slack fails, and no drawn message after it", async () => {
    const { told, slack } = await setUp();
    slack.answerNext("alerts", { status: 400, body: "invalid_blocks" });
    slack.answerNext("alerts", { status: 503, body: "", times: 2 });
    const result = await told();
    const sent = [...slack.refused(), ...slack.received()].map(({ payload }) => "blocks" in Object(payload));
    expect({ ...result, drawn: sent }).toEqual({
      delivery: { kind: "delivered", degraded: "Slack answered 400 (invalid_blocks)" },
      slept: [1_000, 2_000],
      posted: 1,
      drawn: [true, false, false, false],
    });
  });

  test.each([
    ["a throttled one ends it", 429, { kind: "throttled", retryAfterSeconds: 1, reason: "Slack answered 429 (x)" }],
    ["a dead one ends it", 404, { kind: "dead", reason: "Slack answered 404 (x)" }],
  ])("answers what the plain text was answered: %s", async (_name, status, delivery) => {
    const { told, slack } = await setUp();
    slack.answerNext("alerts", { status: 400, body: "invalid_blocks" });
    slack.answerNext("alerts", { status, body: "x" });
    expect(await told()).toEqual({ delivery, slept: [], posted: 0 });
  });

  test.each([
    ["for no second try", 1_000, []],
    ["for a second one and no third", 3_000, [1_000]],
    ["for all three", 3_001, [1_000, 2_000]],
  ])("does not begin to wait for what comes too late: time suffices %s", async (_name, withinMs, slept) => {
    const { told, slack } = await setUp();
    slack.answerNext("alerts", { status: 500, body: "", times: 3 });
    expect(await told(HOOK, { withinMs })).toEqual({
      delivery: ambiguous("Slack answered 500 (no error word)"),
      slept,
      posted: 0,
    });
  });

  test("does not wait for an answer longer than it may", async () => {
    const { told, slack } = await setUp();
    slack.answerNext("alerts", { delayMs: 20_000 });
    expect(await told(HOOK, { withinMs: 600 })).toMatchObject({
      delivery: ambiguous("no answer from Slack in time"),
      slept: [],
    });
  });

  test("puts a banner above the message, drawn or plain", async () => {
    const { told, slack } = await setUp();
    const banner = "For team-a, which cannot be told any more: it is gone. Give it a new hook.";
    await told(HOOK, { banner });
    slack.answerNext("alerts", { status: 400, body: "invalid_blocks" });
    await told(HOOK, { banner });
    const [drawn, plain] = slack.received("alerts").map(({ payload }) => Object(payload));
    expect([drawn.blocks[0], plain.text.split("\n")[0]]).toEqual([
      { type: "context", elements: [{ type: "plain_text", text: banner, emoji: false }] },
      banner,
    ]);
  });

  test("reads a hook that was gone anew the next time", async () => {
    const { told, slack, parameters } = await setUp();
    slack.answerNext("alerts", { status: 404, body: "no_service" });
    await told();
    parameters.values.set("/hooks/default", slack.hook("rotated"));
    expect({ ...(await told()), asked: parameters.asked.length, rotated: slack.received("rotated").length }).toEqual({
      delivery: { kind: "delivered" },
      slept: [],
      posted: 1,
      asked: 2,
      rotated: 1,
    });
  });

  test("calls it ambiguous when nobody listens", async () => {
    const { told, slack } = await setUp();
    await slack.close();
    closers.length = 0;
    expect(await told()).toEqual({
      delivery: ambiguous("no answer from Slack (ECONNREFUSED)"),
      slept: [1_000, 2_000],
      posted: 0,
    });
  });

  test("follows a redirection nowhere", async () => {
    const { told, slack, parameters } = await setUp();
    const elsewhere = createServer((request, response) => {
      request.resume();
      response.writeHead(307, { location: slack.hook("alerts") }).end();
    }).listen(0, "127.0.0.1");
    closers.push(() => new Promise((resolve) => elsewhere.close(resolve)));
    await new Promise((resolve) => elsewhere.once("listening", resolve));
    parameters.values.set("/hooks/default", `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/services/x`);
    expect(await told()).toMatchObject({
      delivery: ambiguous(expect.stringMatching(/^no answer from Slack/)),
      posted: 0,
    });
  });

  test("does not contact a host that is not allowed, and notices when the hook was mended", async () => {
    const { told, slack, parameters } = await setUp();
    parameters.values.set("/hooks/default", "https://hooks.example.com/services/T0/B0/secret");
    const wrong = await told();
    parameters.values.set("/hooks/default", slack.hook("alerts"));
    expect({ wrong, mended: await told() }).toEqual({
      wrong: {
        delivery: {
          kind: "dead",
          reason:
            "the hook in /hooks/default points at the host hooks.example.com, which is not in allowed_hook_hosts (hooks.slack.com)",
        },
        slept: [],
        posted: 0,
      },
      mended: { delivery: { kind: "delivered" }, slept: [], posted: 1 },
    });
  });

  const named = (name: string) => Object.assign(new Error("a word of AWS"), { name });
  const passing = { kind: "throttled", retryAfterSeconds: 2, reason: "a word of AWS" };
  test.each([
    ["SSM is throttled", named("ThrottlingException"), passing],
    ["SSM fails", named("InternalServerError"), passing],
    ["SSM does not answer", named("TimeoutError"), passing],
    [
      "the connection to SSM breaks",
      Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
      { ...passing, reason: "connect ECONNREFUSED" },
    ],
    ["SSM refuses access", accessDenied(), { kind: "dead", reason: accessDenied().message }],
    ["the key is disabled", named("DisabledException"), { kind: "dead", reason: "a word of AWS" }],
    ["KMS refuses access", named("KMSAccessDeniedException"), { kind: "dead", reason: "a word of AWS" }],
  ])("tells what passes from what lasts when a hook cannot be read: %s", async (_name, error, delivery) => {
    const { told, parameters } = await setUp();
    parameters.failNext(error);
    expect({ failed: await told(), next: await told() }).toEqual({
      failed: { delivery, slept: [], posted: 0 },
      next: { delivery: { kind: "delivered" }, slept: [], posted: 1 },
    });
  });

  test("names the parameter when the hook cannot be read", async () => {
    const { told, parameters } = await setUp();
    parameters.values.clear();
    expect(await told()).toEqual({
      delivery: { kind: "dead", reason: "SSM has no parameter /hooks/default in this account and region" },
      slept: [],
      posted: 0,
    });
  });

  describe("as the Slack App", () => {
    const json = (body: unknown, status = 200) => ({ status, body: JSON.stringify(body) });
    test.each([
      [
        "posts to the channel, and says where replies go",
        undefined,
        { delivery: { kind: "delivered", thread: postedAfter(0) }, slept: [], posted: 1 },
      ],
      [
        "needs no place for replies, where Slack names none",
        json({ ok: true, channel: "C0123456789" }),
        { delivery: { kind: "delivered" }, slept: [], posted: 0 },
      ],
      [
        "says how long Slack asks it to wait",
        { ...json({ ok: false, error: "ratelimited" }, 429), retryAfterSeconds: 4 },
        {
          delivery: { kind: "throttled", retryAfterSeconds: 4, reason: "Slack answered 429 (no error word)" },
          slept: [],
          posted: 0,
        },
      ],
      [
        "says a second when Slack asks for a wait by word only",
        json({ ok: false, error: "ratelimited" }),
        {
          delivery: { kind: "throttled", retryAfterSeconds: 1, reason: "Slack answered ratelimited" },
          slept: [],
          posted: 0,
        },
      ],
      [
        "gives up when Slack fails three times",
        { status: 503, body: "", times: 3 },
        { delivery: ambiguous("Slack answered 503 (no error word)"), slept: [1_000, 2_000], posted: 0 },
      ],
      [
        "tries again when Slack says that it failed",
        json({ ok: false, error: "internal_error" }),
        { delivery: { kind: "delivered", thread: postedAfter(1_000) }, slept: [1_000], posted: 1 },
      ],
      [
        "sends what Slack refuses once more as plain text, and says so",
        json({ ok: false, error: "invalid_blocks" }),
        {
          delivery: { kind: "delivered", degraded: "Slack answered invalid_blocks", thread: postedAfter(0) },
          slept: [],
          posted: 1,
        },
      ],
      [
        "does not send a third time what Slack refuses as plain text, too",
        { ...json({ ok: false, error: "msg_too_long" }), times: 2 },
        { delivery: { kind: "refused", reason: "Slack answered msg_too_long" }, slept: [], posted: 0 },
      ],
      [
        "does not try a channel again that is not there",
        json({ ok: false, error: "channel_not_found" }),
        { delivery: { kind: "dead", reason: "Slack answered channel_not_found" }, slept: [], posted: 0 },
      ],
      [
        "does not try again with a token that lacks a permission",
        json({ ok: false, error: "missing_scope" }),
        { delivery: { kind: "dead", reason: "Slack answered missing_scope" }, slept: [], posted: 0 },
      ],
      [
        "quotes nothing that is no error word",
        { ...json({ ok: false, error: TOKEN }), times: 2 },
        { delivery: { kind: "refused", reason: "Slack answered no error word" }, slept: [], posted: 0 },
      ],
      [
        "takes a page for no answer",
        { status: 200, body: "<html>", times: 3 },
        { delivery: ambiguous("Slack answered with something that is not JSON"), slept: [1_000, 2_000], posted: 0 },
      ],
      [
        "takes null for no answer",
        { status: 200, body: "null", times: 3 },
        { delivery: ambiguous("Slack answered no object"), slept: [1_000, 2_000], posted: 0 },
      ],
    ])("%s", async (_name, answer, expected) => {
      const { told, slack } = await setUp();
      if (answer !== undefined) slack.answerNext("C0123456789", answer);
      expect(await told(APP)).toEqual(expected);
    });

    test("reads a token that was revoked anew the next time", async () => {
      const { told, parameters } = await setUp();
      parameters.values.set("/token", "revoked");
      const revoked = await told(APP);
      parameters.values.set("/token", TOKEN);
      expect({ revoked: revoked.delivery, next: await told(APP) }).toEqual({
        revoked: { kind: "dead", reason: "Slack answered not_authed" },
        next: { delivery: { kind: "delivered", thread: postedAfter(0) }, slept: [], posted: 1 },
      });
    });

    test("tells programs what a drawn message is about, and nothing about a plain one", async () => {
      const { told, slack } = await setUp();
      await told(APP);
      slack.answerNext("C0123456789", json({ ok: false, error: "invalid_blocks" }));
      await told(APP);
      await told(HOOK);
      const { channel, ...drawn } = { channel: "C0123456789", ...slackMessage(NEWS) };
      expect(slack.received().map(({ payload }) => payload)).toEqual([
        { channel, ...drawn, metadata: metadataOf(NEWS) },
        { channel, ...plainMessage(NEWS) },
        drawn,
      ]);
    });

    test("posts a reply below a message, which Slack knows by its own name of the channel", async () => {
      const { told, slack } = await setUp();
      const { delivery } = await told(APP);
      if (delivery.kind !== "delivered" || delivery.thread === undefined) throw new Error("nothing to reply to");
      const { channelId, ts } = delivery.thread;
      const reply = await told({ ...APP, channelId: "#alerts" }, { place: { kind: "reply", thread: delivery.thread } });
      expect(reply).toEqual({
        delivery: { kind: "delivered", thread: { channelId, ts: ts.replace(/1$/, "2") } },
        slept: [],
        posted: 2,
      });
      expect(slack.received().at(-1)?.payload).toEqual({
        ...{ channel: channelId, thread_ts: ts, ...slackMessage(NEWS), metadata: metadataOf(NEWS) },
      });
    });

    test("puts a message in the place of another one", async () => {
      const { told, slack } = await setUp();
      await told(APP);
      const thread = postedAfter(0);
      expect(await told(APP, { place: { kind: "revision", thread } })).toEqual({
        delivery: { kind: "delivered", thread },
        slept: [],
        posted: 1,
      });
      expect(slack.received()[0]?.revisions).toEqual([
        { channel: "C0123456789", ts: thread.ts, ...slackMessage(NEWS), metadata: metadataOf(NEWS) },
      ]);
    });

    test.each([
      ["reply", "thread_not_found"],
      ["revision", "message_not_found"],
    ] as const)(
      "says that there is nothing for a %s, which is no reason to call the channel dead",
      async (kind, word) => {
        const { told } = await setUp();
        expect(await told(APP, { place: { kind, thread: postedAfter(0) } })).toEqual({
          delivery: { kind: "refused", reason: `Slack answered ${word}` },
          slept: [],
          posted: 0,
        });
      },
    );
  });

  test("posts through a hook at the end of the channel, whatever place is named", async () => {
    const { told, slack } = await setUp();
    expect(await told(HOOK, { place: { kind: "reply", thread: postedAfter(0) } })).toEqual({
      delivery: { kind: "delivered" },
      slept: [],
      posted: 1,
    });
    expect(slack.received()[0]?.payload).toEqual(slackMessage(NEWS));
  });

  describe("metadata", () => {
    const occurrence = (eventId: string) => ({ eventId, when: undefined, time: undefined, differs: [] });
    const SEVERAL = { count: 30, first: occurrence("a"), last: occurrence("z") };
    const NOTICE_DATA = { kind: "notice", severity: "high", count: 1 };
    const ALERT_DATA = {
      ...{ kind: "alert", severity: "high", account: "111111111111", region: "eu-central-1" },
      rules: "root-activity,rules[0]",
    };
    test.each<[string, News, Metadata["event_payload"]]>([
      ["a notice", NEWS, NOTICE_DATA],
      ["a notice about an account", { ...NEWS, accountId: "1" }, { ...NOTICE_DATA, account: "1" }],
      ["an alert", ALERT, { ...ALERT_DATA, count: 1, event_ids: "00000000-0000-4000-8000-000000000001" }],
      [
        "an alert without what it could say",
        { ...ALERT, accountId: undefined, region: undefined, eventId: "" },
        { kind: "alert", severity: "high", count: 1, rules: "root-activity,rules[0]" },
      ],
      [
        "an alert that stands for several",
        { ...ALERT, repeats: { ...SEVERAL, occurrences: ["a", "", "b"].map(occurrence) } },
        { ...ALERT_DATA, count: 30, event_ids: "a,b" },
      ],
      [
        "repeats of one",
        { ...NEWS, repeats: { ...SEVERAL, occurrences: [occurrence("a")] } },
        { ...NOTICE_DATA, count: 30, event_ids: "a" },
      ],
      [
        "what has very long names",
        { ...ALERT, accountId: "x".repeat(5_000), eventId: `${"x".repeat(999)}👍` },
        { ...ALERT_DATA, count: 1, account: "x".repeat(1_000), event_ids: `${"x".repeat(999)}\ufffd` },
      ],
    ])("is about %s", (_name, news, event_payload) => {
      expect(metadataOf(news)).toEqual({ event_type: "cloudtrail_to_slack", event_payload });
    });
  });

  describe("through SNS", () => {
    test("publishes what the topic is to be given, and mentions nobody", async () => {
      const { told, publisher } = await setUp();
      const options = { banner: "For team-a.", mention: { kind: "broadcast", range: "here" } } as const;
      expect({ ...(await told(SNS, options)), published: publisher.published }).toEqual({
        delivery: { kind: "delivered" },
        slept: [],
        posted: 0,
        published: [topicMessage(SNS.topicArn, NEWS, "For team-a.")],
      });
    });

    test.each(["AuthorizationErrorException", "NotFoundException", "KMSDisabledException"])(
      "calls a topic dead at %s, and does not try again in another form",
      async (name) => {
        const { told, publisher } = await setUp();
        publisher.failure = Object.assign(new Error("no"), { name });
        expect(await told(SNS)).toEqual({ delivery: { kind: "dead", reason: "SNS: no" }, slept: [], posted: 0 });
      },
    );

    test("takes what one message did wrong for its own fault", async () => {
      const { told, publisher } = await setUp();
      publisher.failure = Object.assign(new Error("no"), { name: "InvalidParameterException" });
      expect(await told(SNS)).toEqual({ delivery: { kind: "refused", reason: "SNS: no" }, slept: [], posted: 0 });
    });

    test.each(["KMSThrottlingException", "KMSInternalException", "ThrottledException"])(
      "takes %s for something that passes",
      async (name) => {
        const { told, publisher } = await setUp();
        publisher.failure = Object.assign(new Error("busy"), { name });
        expect((await told(SNS)).delivery).toEqual(ambiguous("SNS: busy"));
      },
    );

    test("tries three times when SNS fails", async () => {
      const { told, publisher } = await setUp();
      publisher.failure = new Error("service unavailable");
      expect(await told(SNS)).toEqual({
        delivery: ambiguous("SNS: service unavailable"),
        slept: [1_000, 2_000],
        posted: 0,
      });
    });
  });
});
