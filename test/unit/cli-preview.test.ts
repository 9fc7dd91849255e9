import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { addPreviewWith } from "#cli/preview.ts";
import { defaultRules } from "#default-rules";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import { logFile, record, trailStopped, trailStoppedBySomebody } from "#test/support/records.ts";
import { folderOf, jsonLines, runCommand } from "#test/support/scanning.ts";
import { checkMessage } from "#test/support/slack-stand-in/block-kit.ts";

const noBucket = () => {
  throw new Error("this test has no bucket");
};

/** Runs `preview` at 2025-06-11T12:00Z. */
function previewing(args: readonly string[], terminal = fakeTerminal()) {
  return runCommand(["preview", ...args], [addPreviewWith(noBucket, () => Date.parse("2025-06-11T12:00Z"))], terminal);
}

/** The text of a page, and what stands in the elements of a class. */
function read(file: string) {
  const html = readFileSync(file, "utf8");
  const inClass = (name: string) =>
    Array.from(html.matchAll(new RegExp(`class="${name}"[^>]*>([^<]*)`, "g")), ([, text]) => text);
  return { html, inClass };
}

const stop = (id: string, more = {}) => trailStopped("111111111111", { eventID: id, ...more });
const stopBySomebody = (id: string) => trailStoppedBySomebody("111111111111", id);

/** What the gallery tells beside calls. */
const NOTICES = [
  "🟠 HIGH · A CloudTrail log file was removed",
  "🔴 CRITICAL · 2 CloudTrail files are not what CloudTrail wrote",
  "🟠 HIGH · The CloudWatch alarm root-use is in alarm",
  "🟡 MEDIUM · Unusual rate of calls: iam.amazonaws.com CreateUser",
  "🟠 HIGH · A rule does not work",
  "🟡 MEDIUM · A record could not be judged",
];

describe("preview without files", () => {
  test("has one message for each default rule that alerts and for each kind of notice, and Slack takes each", async () => {
    const { exitCode, output, said } = await previewing(["--json"]);
    const messages = jsonLines(output);
    const alerting = defaultRules.filter(({ origin }) => origin !== "ignore");
    const notices = messages.slice(alerting.length).map(({ text }) => text);
    expect([exitCode, said, notices]).toEqual([0, [], NOTICES]);
    expect(messages.map(checkMessage).filter((word) => word !== undefined)).toEqual([]);
    // Each tells its rule, and not another one that also matches.
    const without = alerting.filter(({ id }, index) => !JSON.stringify(messages[index]).includes(id));
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  test("draws them by pack; an opt-in rule is said to be one", async () => {
    const file = path.join(folderOf({}), "gallery.html");
    const { exitCode, output } = await previewing([
      "--pack",
      "cloudtrail-tampering",
      "--pack",
      "clickops",
      "--out",
      file,
    ]);
    const { inClass } = read(file);
    const rules = defaultRules.filter(({ pack }) => ["cloudtrail-tampering", "clickops"].includes(pack));
    const captions = rules.map(({ id, enabled }) => (enabled ? id : `${id} (opt-in)`));
    expect([exitCode, output]).toEqual([
      0,
      `${rules.length} messages, one for each default rule: open ${file} in a browser.`,
    ]);
    expect(inClass("name")).toEqual(["clickops", "cloudtrail-tampering"]);
    expect(inClass("author")).toHaveLength(rules.length);
    expect(captions.filter((caption) => !read(file).html.includes(`>${caption}</a>`))).toEqual([]);
  });

  test("draws notices in a section of their own, with the names of accounts and the time as configured", async () => {
    const folder = folderOf({
      "config.yaml": 'messages: { account_names: { "111111111111": prod }, time_zone: Europe/Berlin }',
    });
    const file = path.join(folder, "gallery.html");
    const { output } = await previewing(["--config", path.join(folder, "config.yaml"), "--out", file]);
    const { html, inClass } = read(file);
    const notices = html.slice(html.lastIndexOf('id="notice-removed-log-file"'));
    expect([inClass("name").at(-1), output.includes(`, and ${NOTICES.length} notices: open`)]).toEqual([
      "notices",
      true,
    ]);
    expect(
      ["prod (111111111111)", "11:15:00 Europe/Berlin", "12:00:00 Europe/Berlin"].filter(
        (word) => !notices.includes(word),
      ),
    ).toEqual([]);
  });

  test("gives rules the severity that the configuration gives them", async () => {
    const folder = folderOf({ "config.yaml": "rule_overrides: { trail-stopped: { severity: low } }" });
    const config = ["--config", path.join(folder, "config.yaml")];
    const severity = async (args: readonly string[]) => {
      const { output } = await previewing(["--pack", "cloudtrail-tampering", "--json", ...args]);
      const message = output.split("\n").find((line) => line.includes("trail-stopped"));
      return /\b(?:critical|low)\b/i.exec(message ?? "")?.[0].toLowerCase();
    };
    expect([await severity([]), await severity(config)]).toEqual(["critical", "low"]);
  });

  test("gives rules the words that the configuration gives them, also those that it switches off", async () => {
    const override = { enabled: false, title: "'Nobody watches ' + awsRegion" };
    const folder = folderOf({ "c.yaml": JSON.stringify({ rule_overrides: { "trail-stopped": override } }) });
    const config = ["--config", path.join(folder, "c.yaml")];
    const { output } = await previewing(["--pack", "cloudtrail-tampering", "--json", ...config]);
    expect(output).toContain("CRITICAL · Nobody watches eu-central-1");
  });
});

describe("preview with a configuration", () => {
  const settings = `
messages:
  account_names: { "111111111111": prod-payments }
  time_zone: Europe/Berlin
  identity_center_start_url: https://example.awsapps.com/start
  runbooks: { trail-stopped: https://wiki.example.com/trail-stopped }
  log_account_id: "222222222222"
required_tags: { instance: { Team: null } }
packs: { ec2: true }
`;
  const config = () => ["--config", path.join(folderOf({ "config.yaml": settings }), "config.yaml")];
  const words = [
    "prod-payments (111111111111)",
    "11:15:00 Europe/Berlin",
    "https://wiki.example.com/trail-stopped",
    "https://example.awsapps.com/start/#/console",
  ];

  test.each([
    ["files", () => [path.join(folderOf({ "a.json.gz": logFile(stop("1")) }), "a.json.gz")]],
    ["the gallery", () => ["--pack", "cloudtrail-tampering"]],
  ])("words messages of %s as the function would", async (_, what) => {
    const { output } = await previewing([...what(), ...config(), "--json"]);
    const message = output.split("\n").find((line) => line.includes("trail-stopped"));
    expect(words.filter((word) => !message?.includes(word))).toEqual([]);
    const plainly = await previewing([...what(), "--json"]);
    expect(words.filter((word) => plainly.output.includes(word))).toEqual([]);
  });

  test("names the tags that are missing", async () => {
    const started = record({
      eventSource: "ec2.amazonaws.com",
      eventName: "RunInstances",
      responseElements: { instancesSet: { items: [{ instanceId: "i-0123456789abcdef0" }] } },
    });
    const folder = folderOf({ "a.json.gz": logFile(started) });
    const { output } = await previewing([folder, ...config(), "--json"]);
    expect(output).toMatch(/"Missing tags {2}".*"Team/);
  });

  test("says what is wrong with it", async () => {
    const folder = folderOf({ "config.yaml": "messages: { time_zone: Europe/Berlinn }" });
    const { exitCode, said } = await previewing(["--json", "--config", path.join(folder, "config.yaml")]);
    expect([exitCode, said.at(-1)]).toEqual([1, expect.stringContaining("messages.time_zone: is no time zone")]);
  });
});

describe("preview of files", () => {
  test("draws them in the words of the configuration", async () => {
    const config = { rule_overrides: { "trail-stopped": { title: "eventName + ' in ' + awsRegion" } } };
    const folder = folderOf({ "a.json.gz": logFile(stop("1")), "c.yaml": JSON.stringify(config) });
    const args = [path.join(folder, "a.json.gz"), "--config", path.join(folder, "c.yaml"), "--json"];
    expect((await previewing(args)).output).toContain("CRITICAL · StopLogging in eu-central-1");
  });

  test("draws what alerts by rule, the most severe first, and says what else there was", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(record({ eventID: "1" }), stop("2"), record({ eventID: "3", eventName: "DeleteBucket" })),
    });
    const file = path.join(folder, "out.html");
    const { exitCode, output, said } = await previewing([
      path.join(folder, "a.json.gz"),
      ...["--no-default-rules", "--pack", "cloudtrail-tampering", "--rule", "eventName == 'DeleteBucket'"],
      ...["--out", file],
    ]);
    expect([exitCode, said, output]).toEqual([0, [], `2 alerts in 3 records of 1 file.\nOpen ${file} in a browser.`]);
    const { inClass } = read(file);
    expect([inClass("name"), inClass("where")]).toEqual([
      ["trail-stopped", "rules[0]"],
      ["111111111111 · eu-central-1", "111111111111 · eu-central-1"],
    ]);
  });

  test("draws alerts that are the same as one message, also from several files", async () => {
    const folder = folderOf({ "a.json.gz": logFile(stop("id-1"), stop("id-2")), "b.json.gz": logFile(stop("id-3")) });
    const file = path.join(folder, "out.html");
    await previewing([folder, "--max", "1", "--out", file]);
    const { html, inClass } = read(file);
    expect([inClass("author").length, html.includes("CloudTrail logging stopped (3 times)")]).toEqual([1, true]);
    expect([...html.matchAll(/eventID: (id-\d)/g)].map(([, id]) => id)).toEqual(["id-1", "id-2", "id-3"]);
  });

  test("draws so many messages of one rule, counts the others, and prints all with --json", async () => {
    const folder = folderOf({ "a.json.gz": logFile(...["id-1", "id-2", "id-3"].map((id) => stopBySomebody(id))) });
    const file = path.join(folder, "out.html");
    const { output } = await previewing([path.join(folder, "a.json.gz"), "--max", "2", "--out", file]);
    const { html, inClass } = read(file);
    expect([inClass("author").length, html.includes("and 1 more like these"), output.split("\n")[1]]).toEqual([
      2,
      true,
      "Of a rule with more than 2 messages, the first are drawn; --max draws more.",
    ]);
    const json = await previewing([path.join(folder, "a.json.gz"), "--max", "2", "--json"]);
    expect([json.exitCode, json.said]).toEqual([0, ["3 alerts in 3 records of 1 file."]]);
    expect(jsonLines(json.output).map((message) => /id-(\d)/.exec(JSON.stringify(message))?.[1])).toEqual([
      "1",
      "2",
      "3",
    ]);
  });

  test("looks only at the records that are asked for", async () => {
    const folder = folderOf({
      "a.json.gz": logFile(
        stop("1"),
        stop("2", { awsRegion: "eu-west-1" }),
        stop("3", { eventTime: "2025-06-10T08:00:00Z", awsRegion: "eu-west-1" }),
      ),
    });
    const { said } = await previewing([folder, "--since", "12h", "--region", "eu-west-1", "--json"]);
    expect(said).toEqual(["1 alert in 3 records of 1 file; of the records: not asked for 2."]);
  });

  test("exits with 1 when something could not be read, and draws the rest", async () => {
    const folder = folderOf({ "a.json.gz": logFile(stop("1")), "b.json.gz": logFile(stop("2")).subarray(0, 60) });
    const file = path.join(folder, "out.html");
    const { exitCode, said } = await previewing([folder, "--out", file]);
    expect([exitCode, said.length, read(file).inClass("author").length]).toEqual([1, 1, 1]);
  });

  test("draws what was found until Ctrl-C", async () => {
    const folder = folderOf({ "a.json.gz": logFile(stop("1")) });
    const file = path.join(folder, "out.html");
    const terminal = fakeTerminal();
    terminal.interrupt();
    const { exitCode, output } = await previewing([folder, "--out", file], terminal);
    expect([exitCode, output.startsWith("Ended before all was read. "), existsSync(file)]).toEqual([130, true, true]);
  });

  test.each([
    [["nothing-here"], 1, /^cloudtrail-to-slack: nothing-here does not exist;/],
    [["--no-default-rules"], 1, /there is no default rule to draw; name a pack with --pack, or files to read$/],
    [["--out", "/nowhere/x.html"], 1, /\/nowhere\/x\.html cannot be written \(.*\); name another one with --out$/],
    [["--out", "log.json"], 2, /argument 'log\.json' is invalid: its name must end with \.html;/],
    [["--max", "0"], 2, /argument '0' is invalid: it must be a whole number from 1 to 1000;/],
  ])("with %j says what is wrong in a sentence", async (args, code, sentence) => {
    const folder = folderOf({});
    const out = args.includes("--out") ? [] : ["--out", path.join(folder, "out.html")];
    const { exitCode, output, said } = await previewing([...args, ...out]);
    expect([exitCode, said.at(-1)]).toEqual([code, expect.stringMatching(sentence)]);
    if (args[0] !== "nothing-here") expect(output).toBe("");
  });

  test("writes foreign text as text", async () => {
    const attack = `</style><script src="//evil.example"></script>'"&amp;`;
    const folder = folderOf({
      "a.json": JSON.stringify([stop("1", { userAgent: attack, awsRegion: attack, eventTime: attack })]),
    });
    const file = path.join(folder, "out.html");
    await previewing([folder, "--out", file]);
    const { html } = read(file);
    expect([html.match(/<script|<\/style/g), html.includes("&lt;script src=&quot;//evil.example&quot;&gt;")]).toEqual([
      ["</style"],
      true,
    ]);
  });
});
