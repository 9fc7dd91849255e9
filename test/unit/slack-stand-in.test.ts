import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkMessage, pings } from "#test/support/slack-stand-in/block-kit.ts";
import { type ScriptedAnswer, type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";

let nowMs = 0;
let slack: SlackStandIn;

beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 1);
  slack = await startSlackStandIn({ nowMs: () => nowMs, takesMisfits: true });
});

afterEach(() => slack.close());

const hello = { text: "hello" };
/** What Slack calls the message with this number, from 1, that arrives now. */
const tsOf = (sequence: number) => `${nowMs / 1_000}.${String(sequence).padStart(6, "0")}`;
const plain = (text: string) => ({ type: "plain_text", text });
const mrkdwn = (text: string) => ({ type: "mrkdwn", text, verbatim: true });
const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const section = (text: string) => ({ type: "section", text: mrkdwn(text) });
const blocks = (...list: unknown[]) => ({ blocks: list });
const button = (overrides: object) => ({ type: "button", text: plain("open"), ...overrides });
const buttons = (...list: unknown[]) => blocks({ type: "actions", elements: list });
const url = (length: number) => "https://example.com/".padEnd(length, "x");
const richText = (...elements: unknown[]) => blocks({ type: "rich_text", elements });
const richSection = (...elements: unknown[]) => ({ type: "rich_text_section", elements });
const richWord = { type: "text", text: "word" };

const limits: readonly [name: string, max: number, word: string, make: (size: number) => unknown][] = [
  ["blocks", 50, "invalid_blocks", (n) => blocks(...repeat(n, { type: "divider" }))],
  [
    "blocks together with those of attachments",
    50,
    "invalid_blocks",
    (n) => ({ ...blocks({ type: "divider" }), attachments: repeat(n - 1, blocks({ type: "divider" })) }),
  ],
  ["attachments", 100, "too_many_attachments", (n) => ({ attachments: repeat(n, { text: "x" }) })],
  ["characters of text", 40_000, "msg_too_long", (n) => ({ text: "x".repeat(n) })],
  ["characters of a header", 150, "invalid_blocks", (n) => blocks({ type: "header", text: plain("x".repeat(n)) })],
  ["emoji of a header", 150, "invalid_blocks", (n) => blocks({ type: "header", text: plain("🔑".repeat(n)) })],
  [
    "escaped ampersands of a header",
    30,
    "invalid_blocks",
    (n) => blocks({ type: "header", text: plain("&".repeat(n)) }),
  ],
  ["characters of a section", 3000, "invalid_blocks", (n) => blocks(section("x".repeat(n)))],
  ["escapes in a section", 600, "invalid_blocks", (n) => blocks(section("&amp;".repeat(n)))],
  ["fields of a section", 10, "invalid_blocks", (n) => blocks({ type: "section", fields: repeat(n, mrkdwn("x")) })],
  [
    "characters of a field",
    2000,
    "invalid_blocks",
    (n) => blocks({ type: "section", fields: [mrkdwn("x".repeat(n))] }),
  ],
  ["elements of a context", 10, "invalid_blocks", (n) => blocks({ type: "context", elements: repeat(n, plain("x")) })],
  ["elements of actions", 25, "invalid_blocks", (n) => buttons(...repeat(n, button({})))],
  ["characters of a button", 75, "invalid_blocks", (n) => buttons(button({ text: plain("x".repeat(n)) }))],
  ["characters of a button's URL", 3000, "invalid_blocks", (n) => buttons(button({ url: url(n) }))],
  [
    "characters of a rich text link",
    3000,
    "invalid_blocks",
    (n) => richText(richSection({ type: "link", url: url(n), text: "x" })),
  ],
  ["characters of a block_id", 255, "invalid_blocks", (n) => blocks({ type: "divider", block_id: "x".repeat(n) })],
  [
    "characters of all blocks together",
    12_000,
    "msg_blocks_too_long",
    (n) => blocks(...repeat(4, section("x".repeat(2500))), section("x".repeat(n - 10_000))),
  ],
  [
    "characters of rich text",
    12_000,
    "msg_blocks_too_long",
    (n) => richText({ type: "rich_text_preformatted", elements: [{ type: "text", text: "x".repeat(n) }] }),
  ],
];

describe("the limits of a message", () => {
  it.each(limits)("accepts the highest number of %s (%i) and refuses one more", (_name, max, word, make) => {
    expect([checkMessage(make(max)), checkMessage(make(max + 1))]).toEqual([undefined, word]);
  });

  it.each<[name: string, payload: unknown]>([
    ["text alone", hello],
    ["a legacy attachment alone", { attachments: [{ fallback: "x" }] }],
    ["text with an empty list of blocks", { ...hello, blocks: [] }],
    [
      "an image in a context",
      blocks({ type: "context", elements: [{ type: "image", image_url: url(30), alt_text: "x" }] }),
    ],
    ["a button beside a section", blocks({ ...section("x"), accessory: button({ style: "danger" }) })],
    [
      "every part of rich text",
      richText(
        richSection(
          { ...richWord, style: { bold: true, code: true } },
          { type: "link", url: url(30) },
          { type: "emoji", name: "key" },
          { type: "date", timestamp: 1, format: "{date}" },
        ),
        { type: "rich_text_list", style: "ordered", indent: 8, elements: [richSection(richWord)] },
        { type: "rich_text_quote", elements: [richWord] },
        { type: "rich_text_preformatted", border: 0, elements: [richWord] },
      ),
    ],
  ])("accepts %s", (_name, payload) => {
    expect(checkMessage(payload)).toBeUndefined();
  });

  it.each<[name: string, word: string, payload: unknown]>([
    ["a list", "invalid_payload", []],
    ["null", "invalid_payload", null],
    ["text that is a number", "invalid_payload", { text: 1 }],
    ["attachments that are no list", "invalid_payload", { attachments: {} }],
    ["nothing to show", "no_text", {}],
    ["blank text", "no_text", { text: " \n", blocks: [], attachments: [{ color: "#ff0000" }] }],
    ["blocks that are no list", "invalid_blocks_format", { blocks: {} }],
    ["an unknown block", "invalid_blocks", blocks({ type: "carousel" })],
    ["a misspelt property", "invalid_blocks", blocks({ ...section("x"), feilds: [] })],
    ["an empty header", "invalid_blocks", blocks({ type: "header", text: plain("") })],
    ["a header in mrkdwn", "invalid_blocks", blocks({ type: "header", text: mrkdwn("x") })],
    ["a section without text", "invalid_blocks", blocks({ type: "section" })],
    ["an empty section", "invalid_blocks", blocks(section(""))],
    ["an empty list of fields", "invalid_blocks", blocks({ type: "section", fields: [] })],
    ["verbatim plain text", "invalid_blocks", blocks({ type: "section", text: { ...plain("x"), verbatim: true } })],
    ["an unknown element of a context", "invalid_blocks", blocks({ type: "context", elements: [button({})] })],
    ["an unknown element of actions", "invalid_blocks", buttons({ type: "menu" })],
    ["a button without an absolute URL", "invalid_blocks", buttons(button({ url: "/path" }))],
    ["two buttons with one id", "invalid_blocks", buttons(...repeat(2, button({ action_id: "a" })))],
    ["two blocks with one id", "invalid_blocks", blocks(...repeat(2, { type: "divider", block_id: "a" }))],
    ["empty rich text", "invalid_blocks", richText(richSection({ type: "text", text: "" }))],
    ["rich text without a section", "invalid_blocks", richText(richWord)],
    ["an unknown element of rich text", "invalid_blocks", richText(richSection({ type: "video" }))],
    [
      "emoji in preformatted text",
      "invalid_blocks",
      richText({ type: "rich_text_preformatted", elements: [{ type: "emoji", name: "x" }] }),
    ],
    ["a list of words", "invalid_blocks", richText({ type: "rich_text_list", style: "bullet", elements: [richWord] })],
  ])("refuses %s", (_name, word, payload) => {
    expect(checkMessage(payload)).toBe(word);
  });
});

describe("pings", () => {
  const all = "<!channel> <!here|here> <!everyone> <@U012AB3CD> <!subteam^S012|team>";

  it.each<[name: string, found: string[], payload: unknown]>([
    ["in text", all.split(" "), { text: all }],
    ["in mrkdwn", all.split(" "), blocks(section(all))],
    [
      "in a field of an attachment's block",
      ["<!here>"],
      { attachments: [blocks({ type: "section", fields: [mrkdwn("<!here>")] })] },
    ],
    [
      "in a legacy attachment",
      ["<!here>", "<@U1>"],
      { attachments: [{ pretext: "<!here>", fields: [{ value: "<@U1>" }] }] },
    ],
    [
      "of rich text",
      ["broadcast here", "user U1", "usergroup S1"],
      richText(
        richSection(
          { type: "broadcast", range: "here" },
          { type: "user", user_id: "U1" },
          { type: "usergroup", usergroup_id: "S1" },
        ),
      ),
    ],
    [
      "by name in mrkdwn that is not verbatim",
      ["@channel"],
      blocks({ type: "context", elements: [{ type: "mrkdwn", text: "@channel" }] }),
    ],
    ["by name in text whose names are linked", ["@here"], { text: "@here a@here.example", link_names: true }],
  ])("are found %s", (_name, found, payload) => {
    expect(pings(payload)).toEqual(found);
  });

  it.each<[name: string, payload: unknown]>([
    ["plain text", blocks({ type: "header", text: plain(all) })],
    ["the text of rich text", richText(richSection({ type: "text", text: all }))],
    ["escaped text", { text: "&lt;!channel&gt; &lt;@U012AB3CD&gt;" }],
    ["names that are not linked", { text: "@channel", ...blocks(section("@here")) }],
    ["links and dates", { text: "<https://example.com|x> <!date^1^{date}|x>" }],
    ["something that is no message", "<!channel>"],
  ])("are not found in %s", (_name, payload) => {
    expect(pings(payload)).toEqual([]);
  });
});

async function send(target: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(target, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.text(), retryAfter: response.headers.get("retry-after") };
}

const ok = { status: 200, body: "ok", retryAfter: null };

describe("a webhook", () => {
  it("posts a message and answers ok", async () => {
    expect(await send(slack.hook("team-a"), hello)).toEqual(ok);
    expect(slack.received()).toEqual([
      { channel: "team-a", receivedAtMs: nowMs, payload: hello, ts: tsOf(1), revisions: [] },
    ]);
  });

  it("has Slack's form and stays the same for one channel", () => {
    const [first, again, other] = [slack.hook("team-a"), slack.hook("team-a"), slack.hook("team-b")];
    expect(first.slice(slack.url.length)).toMatch(/^\/services\/T\w{10}\/B\w{10}\/[A-Za-z0-9]{24}$/);
    expect([again === first, other === first]).toEqual([true, false]);
  });

  it.each<[name: string, body: unknown, status: number, answer: string]>([
    ["what is not JSON", "{", 400, "invalid_payload"],
    ["an empty message", {}, 400, "no_text"],
    ["a faulty block", blocks({ type: "header" }), 400, "invalid_blocks"],
    ["more than 1 MB", { text: "x".repeat(1024 * 1024) }, 413, "payload_too_large"],
  ])("refuses %s and keeps the refusal", async (_name, body, status, answer) => {
    expect(await send(slack.hook("team-a"), body)).toEqual({ status, body: answer, retryAfter: null });
    const payload = status === 413 || body === "{" ? undefined : body;
    expect([slack.received(), slack.refused()]).toEqual([[], [{ channel: "team-a", status, answer, payload }]]);
  });

  it("answers no_service if it is unknown", async () => {
    const unknown = `${slack.url}/services/T0000000000/B0000000000/${"x".repeat(24)}`;
    expect(await send(unknown, hello)).toEqual({ status: 404, body: "no_service", retryAfter: null });
    expect(slack.refused()).toEqual([{ channel: "", status: 404, answer: "no_service", payload: hello }]);
  });

  it("answers 405 to GET", async () => {
    expect((await fetch(slack.hook("team-a"))).status).toBe(405);
  });

  it("takes a burst of 20, then one message per second, each channel for itself", async () => {
    const statuses: number[] = [];
    for (let sent = 0; sent < 21; sent += 1) statuses.push((await send(slack.hook("team-a"), hello)).status);
    expect(statuses).toEqual([...repeat(20, 200), 429]);
    expect(await send(slack.hook("team-a"), hello)).toEqual({ status: 429, body: "rate_limited", retryAfter: "1" });
    expect(await send(slack.hook("team-b"), hello)).toEqual(ok);
    nowMs += 1000;
    expect(await send(slack.hook("team-a"), hello)).toEqual(ok);
    expect((await send(slack.hook("team-a"), hello)).status).toBe(429);
    expect(slack.received("team-a")).toHaveLength(21);
  });
});

describe("a scripted answer", () => {
  it.each<[name: string, script: ScriptedAnswer, answer: object]>([
    ["a status", { status: 503, body: "down" }, { status: 503, body: "down", retryAfter: null }],
    [
      "Retry-After",
      { status: 429, body: "rate_limited", retryAfterSeconds: 7 },
      { status: 429, body: "rate_limited", retryAfter: "7" },
    ],
    [
      "200 with another body than ok",
      { body: "invalid_token" },
      { status: 200, body: "invalid_token", retryAfter: null },
    ],
  ])("with %s is given once and posts nothing", async (_name, script, answer) => {
    slack.answerNext("team-a", script);
    expect(await send(slack.hook("team-a"), hello)).toEqual(answer);
    expect([slack.received().length, slack.refused().length]).toEqual([0, 1]);
    expect(await send(slack.hook("team-a"), hello)).toEqual(ok);
  });

  it("is given as often as told, in the order of scripting", async () => {
    slack.answerNext("team-a", { status: 500, body: "a", times: 2 });
    slack.answerNext("team-a", { status: 404, body: "no_service" });
    const statuses: number[] = [];
    for (let sent = 0; sent < 4; sent += 1) statuses.push((await send(slack.hook("team-a"), hello)).status);
    expect(statuses).toEqual([500, 500, 404, 200]);
  });

  it.each([
    ["before-posting", 0],
    ["after-posting", 1],
  ] as const)("closes the connection %s", async (destroySocket, posted) => {
    slack.answerNext("team-a", { destroySocket });
    await expect(send(slack.hook("team-a"), hello)).rejects.toThrow("fetch failed");
    expect([slack.received().length, slack.refused().length]).toEqual([posted, 1 - posted]);
  });

  it("posts before a delay, so that a client which gives up leaves a message behind", async () => {
    slack.answerNext("team-a", { delayMs: 60_000 });
    const request = fetch(slack.hook("team-a"), {
      method: "POST",
      body: JSON.stringify(hello),
      signal: AbortSignal.timeout(200),
    });
    await expect(request).rejects.toThrow("timeout");
    expect(slack.received()).toHaveLength(1);
  });
});

describe("chat.postMessage", () => {
  const token = { authorization: "Bearer xoxb-0-test" };
  const call = async (body: unknown, headers: Record<string, string> = token, method = "chat.postMessage") => {
    const { body: text, ...rest } = await send(`${slack.url}/api/${method}`, body, headers);
    return { ...rest, body: JSON.parse(text) as unknown };
  };
  const update = (body: unknown) => call(body, token, "chat.update");
  const error = (word: string) => ({ status: 200, retryAfter: null, body: { ok: false, error: word } });

  it("posts to the channel of the body and answers with its time stamp", async () => {
    const message = { channel: "C0123456789", ...hello };
    const body = { ok: true, channel: "C0123456789", ts: tsOf(1), message };
    expect(await call(message)).toEqual({ status: 200, retryAfter: null, body });
    expect(slack.received("C0123456789")).toEqual([
      { channel: "C0123456789", receivedAtMs: nowMs, payload: message, ts: tsOf(1), revisions: [] },
    ]);
  });

  it("answers errors with status 200", async () => {
    expect([
      await call({ channel: "C1", ...hello }, {}),
      await call({ channel: "C1", ...hello }, { authorization: "Bearer other" }),
      await call(hello),
      await call({ channel: "C1", blocks: [{}] }),
    ]).toEqual(["not_authed", "not_authed", "channel_not_found", "invalid_blocks"].map(error));
    expect([slack.received().length, slack.refused().length]).toEqual([0, 4]);
  });

  const ratelimited = { status: 429, retryAfter: "1", body: { ok: false, error: "ratelimited" } };
  it("answers 429 once the burst is used up", async () => {
    for (let sent = 0; sent < 20; sent += 1) await call({ channel: "C1", ...hello });
    expect(await call({ channel: "C1", ...hello })).toEqual(ratelimited);
  });

  it("posts a reply to a message of the channel, and to no other", async () => {
    await call({ channel: "C1", ...hello });
    const ts = tsOf(1);
    const reply = { channel: "C1", thread_ts: ts, text: "again" };
    expect([
      await call(reply),
      await call({ ...reply, thread_ts: tsOf(7) }),
      await call({ ...reply, channel: "C2" }),
      await call({ ...reply, thread_ts: 7 }),
    ]).toEqual([
      { status: 200, retryAfter: null, body: { ok: true, channel: "C1", ts: tsOf(2), message: reply } },
      ...["thread_not_found", "thread_not_found", "thread_not_found"].map(error),
    ]);
    expect(slack.received().map(({ payload }) => payload)).toEqual([{ channel: "C1", ...hello }, reply]);
  });

  it("puts a message in the place of one of the channel, and of no other", async () => {
    await call({ channel: "C1", ...hello });
    const revision = { channel: "C1", ts: tsOf(1), text: "hello again" };
    const answers = [
      await update(revision),
      await update({ ...revision, text: "and again" }),
      await update({ ...revision, ts: tsOf(7) }),
      await update({ ...revision, channel: "C2" }),
      await update({ channel: "C1", ...hello }),
      await update({ ...revision, blocks: [{}] }),
      await call(revision, {}, "chat.update"),
    ];
    const done = { status: 200, retryAfter: null, body: { ok: true, channel: "C1", ts: tsOf(1) } };
    const words = ["message_not_found", "message_not_found", "message_not_found", "invalid_blocks", "not_authed"];
    expect(answers).toEqual([done, done, ...words.map(error)]);
    expect(slack.received()).toEqual([
      {
        ...{ channel: "C1", receivedAtMs: nowMs, payload: { channel: "C1", ...hello }, ts: tsOf(1) },
        revisions: [revision, { ...revision, text: "and again" }],
      },
    ]);
  });

  it("counts what is put in the place of others apart from what is posted", async () => {
    for (let sent = 0; sent < 20; sent += 1) await call({ channel: "C1", ...hello });
    const revision = { channel: "C1", ts: tsOf(1), ...hello };
    for (let sent = 0; sent < 20; sent += 1) expect((await update(revision)).status).toBe(200);
    expect(await update(revision)).toEqual(ratelimited);
  });
});

describe("watching the stand-in", () => {
  it("resolves a wait once enough messages arrived", async () => {
    const waiting = slack.waitFor("team-a", 2, 5000);
    await send(slack.hook("team-a"), hello);
    await send(slack.hook("team-a"), { text: "second" });
    expect((await waiting).map(({ payload }) => payload)).toEqual([hello, { text: "second" }]);
  });

  it("rejects a wait with what arrived where", async () => {
    await send(slack.hook("team-b"), hello);
    await send(slack.hook("team-a"), {});
    await expect(slack.waitFor("team-a", 1, 10)).rejects.toThrow(
      "waited 10 ms for 1 message in team-a, but there arrived 1 in team-b; " +
        "refused: 400 no_text to team-a (no_text: text, blocks and attachments are empty)",
    );
  });

  it("calls a listener until it unsubscribes", async () => {
    const heard: string[] = [];
    const unsubscribe = slack.onMessage(({ channel }) => heard.push(channel));
    await send(slack.hook("team-a"), hello);
    unsubscribe();
    await send(slack.hook("team-b"), hello);
    expect(heard).toEqual(["team-a"]);
  });

  it("forgets messages, refusals and scripts when it is cleared, and keeps its hooks", async () => {
    const hook = slack.hook("team-a");
    await send(hook, {});
    slack.answerNext("team-a", { status: 500 });
    slack.clear();
    expect([slack.received(), slack.refused(), await send(hook, hello)]).toEqual([[], [], ok]);
  });

  it("streams what was received and then what arrives", async () => {
    await send(slack.hook("team-a"), hello);
    const stream = await fetch(`${slack.url}/events`);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    await send(slack.hook("team-b"), hello);
    const second = await reader?.read();
    const message = (channel: string, sequence: number) => ({
      ...{ channel, receivedAtMs: nowMs, payload: hello },
      ...{ ts: tsOf(sequence), revisions: [] },
    });
    const snapshot = { channels: ["team-a"], messages: [message("team-a", 1)] };
    expect([first?.value, second?.value]).toEqual([
      `event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`,
      `event: message\ndata: ${JSON.stringify(message("team-b", 2))}\n\n`,
    ]);
  });

  it("serves a page whose every part comes from itself, and lets no other site read anything", async () => {
    const page = await fetch(slack.url);
    const html = await page.text();
    const parts = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path ?? "");
    const answers = await Promise.all([...parts, "/messages.json"].map((path) => fetch(slack.url + path)));
    expect(parts.length).toBeGreaterThan(0);
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.map(({ headers }) => headers.get("access-control-allow-origin"))).toEqual(answers.map(() => null));
  });
});

it("says at its end that a message was refused for what it held, where nobody meant that", async () => {
  const strict = await startSlackStandIn();
  await send(strict.hook("team-a"), {});
  await expect(strict.close()).rejects.toThrow(
    "Slack refuses 1 of the messages that were posted, the first because: no_text",
  );
});
