import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { accessibilityProblems, outlines, overflowing } from "./looking.ts";
import { everything, hostile } from "./messages.ts";
import { type Look, named, pageOf, skipped, useBrowser, usePages } from "./pages.ts";

const post = (url: string, payload: unknown) => fetch(url, { method: "POST", body: JSON.stringify(payload) });

describe.skipIf(skipped)(named("the page of make demo in Chromium"), { timeout: 60_000 }, () => {
  const open = useBrowser();
  const page = usePages();
  let slack: SlackStandIn;
  beforeAll(async () => {
    slack = await startSlackStandIn();
    await post(slack.hook("team-a"), everything);
    await post(slack.hook("team-b"), { text: "*hello* <https://example.com|there>" });
  });
  afterAll(() => slack.close());

  const shown = async (path: string, look?: Look) => {
    const opened = await open(slack.url + path, look);
    await opened.page.locator(".message").first().waitFor();
    return opened;
  };

  test("draws a message as the preview does", async () => {
    const { page: inDemo } = await shown("/?still#team-a");
    const { page: inPreview } = await open(await page("everything", pageOf("everything", [everything])));
    const [here, there] = [await outlines(inDemo), await outlines(inPreview)];
    expect(here).toEqual(there);
    expect(here[0]?.[1]).toContain("div.attachment");
  });

  test("asks nobody but its own server", async () => {
    const { requests, errors } = await shown("/#all");
    expect({ others: requests.filter((url) => !url.startsWith(slack.url)), errors }).toEqual({
      others: [],
      errors: [],
    });
    expect(requests.length).toBeGreaterThan(2);
  });

  test.each<Look>([
    { scheme: "light", width: "desktop" },
    { scheme: "dark", width: "phone" },
  ])("keeps within the window and is readable for everybody: $scheme, $width", async (look) => {
    const { page } = await shown("/?still#all", look);
    expect(await overflowing(page)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test("shows a message as soon as it arrives, and its foreign text as text", async () => {
    const { page, errors } = await shown("/#team-b");
    await page.getByText("Live").waitFor();
    // Slack refuses a colour that is none, and so does the stand-in.
    const attachments = hostile[1]?.attachments?.map((attachment) => ({ ...Object(attachment), color: "#ffffff" }));
    await post(slack.hook("team-b"), { attachments });
    await page.locator(".attachment").waitFor();
    expect(await page.locator("img, script[src='x']").count()).toBe(0);
    expect(errors).toEqual([]);
  });
});
