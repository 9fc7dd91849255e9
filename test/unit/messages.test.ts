import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { plainMessage, slackMessage } from "#delivery/slack-message.ts";
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
  const texts = blocks("docs/messages.md", "text");

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
