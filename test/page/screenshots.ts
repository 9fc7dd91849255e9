/** Takes the README's pictures of messages anew, with this machine's Chromium: `npm run screenshots`. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { findBrowser, NO_BROWSER, startBrowser } from "#test/support/browser.ts";
import { startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import { repoRoot } from "#test/support/tools.ts";
import { scenes } from "./scenes.ts";

/** Readers of the README wait for it. */
const MAX_BYTES = 150 * 1024;
/** When the messages of the pictures arrived. */
const NOW_MS = Date.parse("2025-06-11T09:16:00Z");

const PICTURES: readonly {
  readonly file: string;
  readonly channel: string;
  readonly look: BrowserContextOptions;
}[] = [
  {
    file: "docs/images/channel.png",
    channel: "prod-payments",
    look: { colorScheme: "light", viewport: { width: 960, height: 560 }, deviceScaleFactor: 1 },
  },
  {
    file: "docs/images/phone.png",
    channel: "security",
    look: { colorScheme: "dark", viewport: { width: 390, height: 560 }, deviceScaleFactor: 1.5 },
  },
];

const executable = findBrowser();
if (executable === undefined) throw new Error(NO_BROWSER);
const browser = await startBrowser(executable);
const slack = await startSlackStandIn({ nowMs: () => NOW_MS });
try {
  for (const { channel, message } of scenes()) {
    const { status } = await fetch(slack.hook(channel), { method: "POST", body: JSON.stringify(message) });
    if (status !== 200) throw new Error(`the stand-in refuses a message with ${status}`);
  }
  for (const { file, channel, look } of PICTURES) {
    const page = await browser.newPage({ ...look, timezoneId: "UTC" });
    await page.goto(`${slack.url}/?still#${channel}`);
    await page.locator(".message").first().waitFor();
    // What scrolled away is not on the picture: the window becomes as high as what it shows.
    const height = await page.evaluate(() => {
      const scroller = document.querySelector("#scroller");
      return scroller === null ? 0 : window.innerHeight - scroller.clientHeight + scroller.scrollHeight;
    });
    await page.setViewportSize({ width: look.viewport?.width ?? 0, height });
    const picture = await page.screenshot();
    if (picture.length > MAX_BYTES) throw new Error(`${file} has ${picture.length} bytes, more than ${MAX_BYTES}`);
    await writeFile(path.join(repoRoot, file), picture);
    console.log(`${file}: ${Math.round(picture.length / 1024)} KB`);
  }
} finally {
  await slack.close();
  await browser.close();
}
