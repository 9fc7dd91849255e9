import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "@cdktf/hcl2json";
import { describe, expect, test } from "vitest";
import { parseRuleSettings } from "#config/rule-settings.ts";
import { defaultRules } from "#default-rules";
import { plainMessage, slackMessage } from "#delivery/slack-message.ts";
import { examine } from "#rules/examine.ts";
import { ruleSetOf } from "#rules/rule-set.ts";
import { blocks } from "#test/support/documents.ts";
import { CALLS, exampleNews } from "#test/support/message-records.ts";
import { rawText, shownText } from "#test/support/message-text.ts";
import { explainMessage, pings } from "#test/support/slack-stand-in/block-kit.ts";
import { repoRoot } from "#test/support/tools.ts";

const NEWS = exampleNews();
const GOLDEN = path.join(repoRoot, "test/fixtures/messages");

describe("the message about", () => {
  test.each([...NEWS])("%s is drawn as it was", async (name, news) => {
    const message = slackMessage(news);
    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot(path.join(GOLDEN, `${name}.json`));
    expect({ refusal: explainMessage(message), pings: pings(message) }).toEqual({ refusal: undefined, pings: [] });
  });

  test.each([...NEWS])("%s is accepted by Slack in plain text, too", (_name, news) => {
    expect(explainMessage(plainMessage(news))).toBeUndefined();
  });
});

describe("docs/messages.md", () => {
  const page = readFileSync(path.join(repoRoot, "docs/messages.md"), "utf8");
  const shown = ["sign-in", "refused-call", "security-group", "public-bucket", "identity-center"];
  const [worded, ...texts] = blocks("docs/messages.md", "text");

  test("shows what its templates say", async () => {
    const block = blocks("docs/messages.md", "hcl").find((text) => text.includes("rule_overrides")) ?? "";
    const { module } = Object(await parse("messages.tf", block));
    const { rule_overrides } = module.cloudtrail_to_slack[0];
    expect(Object.keys(rule_overrides)).toEqual(["sg-open-to-world", "trail-stopped"]);
    const news = exampleNews(parseRuleSettings({ rule_overrides }).overrides);
    const [group, trail] = ["security-group", "identity-center"].map((name) => {
      const found = news.get(name);
      return found === undefined ? "" : shownText(slackMessage(found));
    });
    expect([worded, trail?.split("\n")[0]]).toEqual([
      `${group}\n`,
      "🔴 CRITICAL · The trail arn:aws:cloudtrail:eu-central-1:111111111111:trail/organization-trail was stopped",
    ]);
  });

  const templates = page
    .split("\n")
    .map((line) => /^\| `([^`]*['+|][^`]*)` \| /.exec(line)?.[1]?.replaceAll("\\|", "|") ?? "")
    .filter((text) => text !== "");

  test("shows templates", () => expect(templates).toHaveLength(5));

  test.each(templates)("shows the template %s, which can be used", (title) => {
    const settings = parseRuleSettings({ rule_overrides: { "sg-open-to-world": { title } } });
    const { problems, warnings } = ruleSetOf(settings, defaultRules, examine);
    expect([problems, warnings]).toEqual([[], []]);
  });

  test("shows five calls, each twice", () => {
    expect(texts).toHaveLength(2 * shown.length);
  });

  test.each(shown.map((name, index) => [name, index] as const))("shows %s as it is told", (name, index) => {
    const news = NEWS.get(name);
    if (news === undefined) throw new Error(`${name} is not told`);
    expect([texts[2 * index], texts[2 * index + 1]]).toEqual([
      `${rawText(CALLS[name] ?? {})}\n`,
      `${shownText(slackMessage(news))}\n`,
    ]);
  });

  test("names every setting", () => {
    const variables = readFileSync(path.join(repoRoot, "variables.tf"), "utf8");
    const declared = /variable "messages" \{.*?object\(\{(.*?)\n {2}\}\)/s.exec(variables)?.[1] ?? "";
    const names = Array.from(declared.matchAll(/^\s+(\w+)\s+=/gm), ([, name]) => name ?? "");
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
