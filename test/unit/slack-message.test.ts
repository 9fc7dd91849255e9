import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeMrkdwn, plain } from "#delivery/plain.ts";
import { plainMessage, type SlackMessage, slackMessage } from "#delivery/slack-message.ts";
import { type Alert, type News, RESULTS } from "#model/news.ts";
import { SEVERITIES } from "#model/rule.ts";
import { ALERT } from "#test/support/alerts.ts";
import { checkMessage, pings } from "#test/support/slack-stand-in/block-kit.ts";

describe("plain", () => {
  test.each([
    ["keeps ordinary text", "arn:aws:iam::1:user/a b <&> é 日本 👍", 99, "arn:aws:iam::1:user/a b <&> é 日本 👍"],
    ["makes one line", "a\nb\r\nc\td\u2028e\u2029f", 99, "a b c d e f"],
    ["trims and joins white space", "  a \u00a0\u3000  b  ", 99, "a b"],
    ["drops control characters", "a\u0000\u0007\u001b[31mb\u007f\u0085", 99, "a[31mb"],
    ["drops bidirectional overrides", "a\u202egnp.exe\u202c\u2066x\u2069\u200e\u061c", 99, "agnp.exex"],
    ["drops zero-width characters", "a\u200bb\u200cc\u200dde\u2060f\u00ad", 99, "abcdef"],
    ["drops tag characters", "a\u{e0041}\u{e007f}b", 99, "ab"],
    ["drops Hangul fillers", "a\u3164\u115f\u1160\uffa0b", 99, "ab"],
    ["drops characters of private use", "a\ue000\u{f0000}b", 99, "ab"],
    ["drops surrogates without a partner", "a\ud83db\udc4d", 99, "ab"],
    ["drops variation selectors, which can hide a text", "a\ufe0f\u{e0100}\u{e01ef}\u034fb", 99, "ab"],
    ["leaves nothing of nothing", "\u200b \n\u202e", 99, ""],
    ["keeps a text that just fits", "abcde", 5, "abcde"],
    ["cuts a text that does not", "abcdef", 5, "abcd…"],
    ["counts a character outside the basic plane twice", "👍👍", 4, "👍👍"],
    ["cuts between code points", "👍👍👍", 4, "👍…"],
    ["counts what Slack escapes as it is escaped", "a&b", 7, "a&b"],
    ["cuts what is too long once it is escaped", "a&bc", 7, "a&…"],
    ["cuts after what is invisible has gone", `${"\u200b".repeat(50)}abc`, 5, "abc"],
  ])("%s", (_name, text, max, expected) => {
    expect(plain(text, { max })).toBe(expected);
  });

  test("escapes what mrkdwn would read", () => {
    expect(escapeMrkdwn("<!channel> & <https://example.com|x> &amp;")).toBe(
      "&lt;!channel&gt; &amp; &lt;https://example.com|x&gt; &amp;amp;",
    );
  });
});

const HOSTILE = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "<!channel>",
    "<!here|x>",
    "<@U0123456>",
    "<!subteam^S0123|x>",
    "@channel",
    "@everyone",
    "<https://198.51.100.1/|click>",
  ),
  fc.constantFrom(
    "",
    " ",
    "\u200b",
    "\u202emoc.elpmaxe\u202c",
    "\ud800",
    "\u0000",
    ":smile:",
    "👩‍👩‍👧‍👦",
    "*b* _i_ `c` ```x```",
    "\n\nWho  root",
  ),
  fc
    .constantFrom("&", "<", "👍", "x", "\u0301", "漢", "\n")
    .chain((unit) => fc.constantFrom(64, 65, 150, 600, 5_000).map((count) => unit.repeat(count))),
);
const TEXT = fc.array(HOSTILE, { maxLength: 4 }).map((parts) => parts.join(""));
const URLS = fc
  .tuple(fc.constantFrom("eu-central-1", "cn-north-1"), TEXT)
  .map(
    ([region, name]) => `https://console.aws.amazon.com/x?region=${region}#${encodeURIComponent(name.toWellFormed())}`,
  );
const optional = fc.option(TEXT, { nil: undefined });
const rule = fc.record(
  {
    id: TEXT,
    origin: fc.constant("custom" as const),
    severity: fc.constantFrom(...SEVERITIES),
    investigate: TEXT,
  },
  { requiredKeys: ["id", "origin", "severity"] },
);
const facts = (maxLength: number) =>
  fc.array(fc.record({ label: TEXT, value: TEXT, url: URLS }, { requiredKeys: ["label", "value"] }), { maxLength });
const occurrence = fc.record({
  eventId: fc.uuid(),
  when: optional,
  time: optional,
  differs: fc.array(TEXT, { maxLength: 4 }),
});
const repeats = fc.record({
  count: fc.integer({ min: 1, max: 1_000_000 }),
  first: occurrence,
  last: occurrence,
  occurrences: fc.array(occurrence, { minLength: 1, maxLength: 20 }),
});
const alert = fc
  .record({
    kind: fc.constant("alert" as const),
    severity: fc.constantFrom(...SEVERITIES),
    title: TEXT,
    group: fc.constant("0"),
    repeats: fc.option(repeats, { nil: undefined, freq: 3 }),
    eventId: fc.uuid(),
    accountId: optional,
    accountName: optional,
    region: optional,
    what: TEXT,
    call: TEXT,
    who: TEXT,
    callerArn: optional,
    when: optional,
    time: optional,
    from: optional,
    userAgent: optional,
    origin: optional,
    result: fc.constantFrom(...RESULTS),
    error: optional,
    details: facts(8),
    links: fc.array(fc.record({ text: TEXT, url: URLS }), { maxLength: 10 }),
    rules: fc.tuple(rule, rule),
  })
  .map(({ repeats: several, ...one }): Alert => (several === undefined ? one : { ...one, repeats: several }));
/** Whether a text names each record that the news lists. */
const names = (news: Alert, text: string) => {
  const ids = news.repeats?.occurrences.map(({ eventId }) => eventId) ?? [news.eventId];
  return ids.every((id) => text.includes(`eventID: ${id}`));
};

const notice = fc.record({
  kind: fc.constant("notice" as const),
  severity: fc.constantFrom(...SEVERITIES),
  title: TEXT,
  facts: facts(60),
});
const judgeOf = (message: SlackMessage) => ({ refusal: checkMessage(message), pings: pings(message) });
const FINE = { refusal: undefined, pings: [] };

describe("slackMessage", () => {
  test("draws an alert", () => {
    const line = (label: string, value: string) => [
      { type: "text", text: `${label}  `, style: { bold: true } },
      { type: "text", text: value },
    ];
    const lines = (...elements: readonly unknown[]) => ({
      type: "rich_text",
      elements: [{ type: "rich_text_section", elements }],
    });
    const small = (text: string) => ({ type: "plain_text", text, emoji: false });
    expect(slackMessage(ALERT)).toEqual({
      text: "🟠 HIGH · Root user made a change",
      blocks: [{ type: "header", text: small("🟠 HIGH · Root user made a change") }],
      attachments: [
        {
          color: "#f2711c",
          blocks: [
            lines(
              ...line("Who", "root of prod-payments\n"),
              ...line("What", "S3 DeleteBucket, bucket example\n"),
              ...line("Request", "force: true\n"),
              ...line("Result", "refused: AccessDenied\n"),
              ...line("From", "198.51.100.7 · AWS CLI 2.15"),
            ),
            {
              type: "section",
              fields: [
                { type: "mrkdwn", text: "*Where*\nprod-payments (111111111111) · eu-central-1", verbatim: true },
                {
                  type: "mrkdwn",
                  text: "*When*\nWed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)",
                  verbatim: true,
                },
              ],
            },
            lines(...line("What to do", "Ask the holder of the root password.")),
            {
              type: "context",
              elements: [
                small("Rules: root-activity, rules[0]"),
                small("eventID: 00000000-0000-4000-8000-000000000001"),
              ],
            },
            lines({ type: "link", url: ALERT.links[0]?.url, text: "CloudTrail event" }),
          ],
        },
      ],
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  test.each([
    "*bold*",
    "_x_",
    "~x~",
    "`x`",
    "<!channel>",
    "<https://198.51.100.1|x>",
    "a & b",
    "a:smile:",
    "https://198.51.100.1",
    "example.com",
    "@here",
    "> quote",
    "x".repeat(200),
    "a\nb",
    "a\u3164b",
  ])("shows an account that is called %j in a line, where Slack parses nothing", (accountName) => {
    const message = slackMessage({ ...ALERT, accountName });
    const parsed = JSON.stringify(message.attachments?.[0].blocks.filter(({ type }) => type === "section"));
    expect({ parsed: parsed.includes("*Where*"), ...judgeOf(message) }).toEqual({ parsed: false, ...FINE });
  });

  test("has no text that Slack would parse but the headline, labels of ours and what is no more than words", () => {
    const parsed = (value: unknown): readonly string[] => {
      if (typeof value !== "object" || value === null) return [];
      if ("type" in value && value.type === "mrkdwn") return [String(Object(value).text)];
      return Object.values(value).flatMap(parsed);
    };
    let columns = 0;
    fc.assert(
      fc.property(fc.oneof(alert, fc.constant(ALERT)), (news) => {
        for (const text of parsed(slackMessage(news))) {
          columns += 1;
          expect(text).toMatch(/^\*(Where|When|First|Last)\*\n[\p{L}\p{N} ,()/·+:-]+$/u);
        }
      }),
      { seed: 11, numRuns: 150 },
    );
    expect(columns).toBeGreaterThan(50);
  });

  const judge = (news: News) => judgeOf(slackMessage(news));

  test("of any alert is accepted by Slack, pings nobody and shows the event's id", () => {
    fc.assert(
      fc.property(alert, (news) => {
        expect({ ...judge(news), id: names(news, JSON.stringify(slackMessage(news))) }).toEqual({ ...FINE, id: true });
      }),
      { seed: 6, numRuns: 250 },
    );
  });

  test("of any notice is accepted by Slack and pings nobody", () => {
    fc.assert(
      fc.property(notice, (news) => {
        expect(judge(news)).toEqual(FINE);
      }),
      { seed: 7, numRuns: 250 },
    );
  });

  const WIDE = ["x", "&", "<", "👍"];
  test.each(WIDE)("is accepted when everything in an alert is as long as can be and made of %s", (unit) => {
    const text = unit.repeat(3_000);
    const news = {
      ...ALERT,
      title: text,
      accountId: text,
      region: text,
      what: text,
      call: text,
      who: text,
      when: text,
      time: text,
      from: text,
      userAgent: text,
      origin: text,
      error: text,
      details: Array.from({ length: 30 }, () => ({ label: text, value: text })),
      links: Array.from({ length: 30 }, () => ({ text, url: `https://example.com/${"x".repeat(2_900)}` })),
      rules: [{ id: text, origin: "custom" as const, severity: "low" as const, investigate: text }] as const,
    };
    expect(judge(news)).toEqual(FINE);
  });
  test.each(WIDE)("is accepted when everything in a notice is as long as can be and made of %s", (unit) => {
    const text = unit.repeat(3_000);
    const facts = Array.from({ length: 60 }, () => ({ label: text, value: text }));
    expect(judge({ kind: "notice", severity: "critical", title: text, facts })).toEqual(FINE);
  });

  test("foreign text cannot forge a line", () => {
    const forged = { ...ALERT, origin: "x\nWho  nobody", error: "y\u2028Who  nobody" };
    const lines = JSON.stringify(slackMessage(forged)).split("\\n").length;
    expect(lines).toBe(JSON.stringify(slackMessage(ALERT)).split("\\n").length);
  });

  const URL = "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/root-use";
  const LABEL = (text: string) => ({ type: "text", text: `${text}  `, style: { bold: true } });
  test.each([
    [
      "between others",
      [
        { label: "Alarm", value: "root-use" },
        { label: "Link", value: "open\nit", url: URL },
        { label: "When", value: "now" },
      ],
      [
        LABEL("Alarm"),
        { type: "text", text: "root-use\n" },
        LABEL("Link"),
        { type: "link", url: URL, text: "open it" },
        { type: "text", text: "\n" },
        LABEL("When"),
        { type: "text", text: "now" },
      ],
    ],
    [
      "at the end",
      [{ label: "Link", value: "open it", url: URL }],
      [LABEL("Link"), { type: "link", url: URL, text: "open it" }, { type: "text", text: " " }],
    ],
    [
      "without a text",
      [{ label: "Link", value: "", url: URL }],
      [LABEL("Link"), { type: "link", url: URL, text: "–" }, { type: "text", text: " " }],
    ],
    [
      "longer than Slack takes, as a text alone",
      [{ label: "Link", value: "open it", url: `${URL}${"x".repeat(3_000)}` }],
      [LABEL("Link"), { type: "text", text: "open it" }],
    ],
  ])("draws a fact that leads somewhere as a link, %s", (_name, facts, elements) => {
    const news: News = { kind: "notice", severity: "low", title: "t", facts };
    expect({ elements: slackMessage(news).attachments?.[0].blocks, ...judge(news) }).toEqual({
      elements: [{ type: "rich_text", elements: [{ type: "rich_text_section", elements }] }],
      ...FINE,
    });
  });

  test("tells how many facts it leaves out", () => {
    const facts = Array.from({ length: 30 }, (_, index) => ({ label: `l${index}`, value: "v" }));
    expect(JSON.stringify(slackMessage({ kind: "notice", severity: "low", title: "t", facts }))).toContain(
      "… and 5 more",
    );
  });
});

test("what was told first need not have happened first", () => {
  const at = (when: string | undefined, time: string) => ({ eventId: "x", when, time, differs: [] });
  const last = at(ALERT.when, "11 Jun 11:15:00");
  const several = { count: 2, first: at("2025-06-11T09:10:00Z", "11 Jun 11:10:00"), last, occurrences: [] };
  const said = (news: News) => JSON.stringify(slackMessage(news)).match(/\*First\*\\n[^"]*/)?.[0];
  expect(said({ ...ALERT, repeats: several })).toBe("*First*\\n11 Jun 11:10:00");
  expect(said({ ...ALERT, repeats: { ...several, first: last } })).toBe(`*First*\\n${ALERT.time}`);
});

describe("a banner", () => {
  test("stands above everything else, and leaves the rest as it is", () => {
    const { blocks, ...rest } = slackMessage(ALERT, "For team-a, which is gone.");
    const { blocks: without, ...restWithout } = slackMessage(ALERT);
    expect([rest, blocks]).toEqual([
      restWithout,
      [
        {
          type: "context",
          elements: [{ type: "plain_text", text: "For team-a, which is gone.", emoji: false }],
        },
        ...(without ?? []),
      ],
    ]);
  });

  test("may be any text, drawn or plain, and whatever stands below", () => {
    fc.assert(
      fc.property(fc.oneof(alert, notice), TEXT, (news, banner) => {
        expect([judgeOf(slackMessage(news, banner)), judgeOf(plainMessage(news, banner))]).toEqual([FINE, FINE]);
      }),
      { seed: 9, numRuns: 250 },
    );
  });
});

/** What Slack makes a link of by itself. */
const LINKS = /:\/\/|\bwww\./i;

describe("plainMessage", () => {
  /** Within what it may hold, before addresses are broken, and the line about what it leaves out. */
  const isShort = (text: string) =>
    text.replaceAll("[:]//", "://").replaceAll("[.]", ".").length <= 6_000 + "\n… and 99 more".length;

  test("says the same in lines, without blocks", () => {
    expect(plainMessage(ALERT, "For team-a, which is gone.")).toEqual({
      text: [
        "For team-a, which is gone.",
        "🟠 HIGH · Root user made a change",
        "Rules: root-activity, rules[0]",
        "eventID: 00000000-0000-4000-8000-000000000001",
        "Where: prod-payments (111111111111) · eu-central-1",
        "When: Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)",
        "Who: root of prod-payments",
        "What: S3 DeleteBucket, bucket example",
        "Request: force: true",
        "Result: refused: AccessDenied",
        "From: 198.51.100.7 · AWS CLI 2.15",
        "What to do: Ask the holder of the root password.",
      ].join("\n"),
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  test("says a notice in lines", () => {
    const facts = [
      { label: "Alarm", value: "a & <b>" },
      { label: "Link", value: "open it", url: "https://console.aws.amazon.com/" },
    ];
    expect(plainMessage({ kind: "notice", severity: "info", title: "<!channel>", facts }).text).toBe(
      "⚪ INFO · &lt;!channel&gt;\nAlarm: a &amp; &lt;b&gt;\nLink: open it",
    );
  });

  test.each([
    ["an address", "https://198.51.100.1/click", "https[:]//198.51.100.1/click"],
    ["an address with a text of its own", "<https://198.51.100.1/|click>", "&lt;https[:]//198.51.100.1/|click&gt;"],
    ["an address without a scheme", "see www.example.com", "see www[.]example.com"],
    ["a box of its own", "```root", "'''root"],
    ["a line of its own", "x\nWho: nobody", "x Who: nobody"],
    ["a reading direction of its own", "\u202emoc.elpmaxe", "moc.elpmaxe"],
  ])("makes nothing of foreign text that is %s", (_name, value, shown) => {
    const notice: News = { kind: "notice", severity: "low", title: "t", facts: [{ label: "From", value }] };
    expect(plainMessage(notice).text).toBe(`🔵 LOW · t\nFrom: ${shown}`);
  });

  test("of any alert is accepted by Slack, short, pings nobody, links nowhere and shows the event's id", () => {
    fc.assert(
      fc.property(alert, (news) => {
        const { text } = plainMessage(news);
        expect({
          ...judgeOf(plainMessage(news)),
          links: LINKS.test(text),
          id: names(news, text),
          short: text.length < 8_000,
          lines: text.split("\n").length <= (news.repeats === undefined ? 19 : 41),
        }).toEqual({ ...FINE, links: false, id: true, short: true, lines: true });
      }),
      { seed: 8, numRuns: 250 },
    );
  });

  test("of any notice is accepted by Slack, short, pings nobody and links nowhere", () => {
    fc.assert(
      fc.property(notice, (news) => {
        const { text } = plainMessage(news);
        expect({ ...judgeOf(plainMessage(news)), links: LINKS.test(text), short: isShort(text) }).toEqual({
          ...FINE,
          links: false,
          short: true,
        });
      }),
      { seed: 10, numRuns: 250 },
    );
  });

  test.each(["x", "&", "<", "👍", "://"])(
    "is short and shows the id when everything is as long as can be and made of %s",
    (unit) => {
      const text = unit.repeat(3_000);
      const long = {
        title: text,
        accountId: text,
        region: text,
        call: text,
        who: text,
        time: text,
        origin: text,
        error: text,
        details: Array.from({ length: 30 }, () => ({ label: text, value: text })),
      };
      const message = plainMessage(
        { ...ALERT, ...long, rules: [{ id: text, origin: "custom", severity: "low" }] },
        text,
      );
      expect([judgeOf(message), message.text.includes(`eventID: ${ALERT.eventId}`), isShort(message.text)]).toEqual([
        FINE,
        true,
        true,
      ]);
    },
  );
});
