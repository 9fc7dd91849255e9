import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { folderOf, runCommand } from "#test/support/scanning.ts";
import { checkMessage } from "#test/support/slack-stand-in/block-kit.ts";
import { accessibilityProblems, outlines, overflowing } from "./looking.ts";
import { everything, foreignTexts, hostile } from "./messages.ts";
import { type Look, named, pageOf, skipped, useBrowser, usePages, WIDTHS } from "./pages.ts";

const LOOKS: readonly Required<Look>[] = [
  { scheme: "light", width: "desktop" },
  { scheme: "dark", width: "desktop" },
  { scheme: "light", width: "phone" },
  { scheme: "dark", width: "phone" },
];

describe.skipIf(skipped)(named("the preview in Chromium"), { timeout: 60_000 }, () => {
  const open = useBrowser();
  const page = usePages();
  const drawn = (name: string, payloads: readonly unknown[], look?: Look) =>
    page(name, pageOf(name, payloads)).then((url) => open(url, look));

  const galleryUrl = async () => {
    const file = path.join(folderOf({}), "gallery.html");
    expect((await runCommand(["preview", "--out", file])).exitCode).toBe(0);
    return pathToFileURL(file).href;
  };

  test("draws every block, element and style", async () => {
    expect(checkMessage(everything)).toBeUndefined();
    const { page } = await drawn("everything", [everything]);
    const [[, outline] = []] = await outlines(page);
    await expect(`${outline?.replaceAll(/ (?=[a-z\d.]+\.block|div\.attachment|hr)/g, "\n")}\n`).toMatchFileSnapshot(
      "golden/everything.txt",
    );
    expect(await page.locator(".unknown").count()).toBe(0);
  });

  test("draws a message for each default rule, each as it was", async () => {
    const { page, requests, errors } = await open(await galleryUrl());
    const byOutline = Map.groupBy(await outlines(page), ([, outline]) => outline);
    const told = [...byOutline].map(([outline, rules]) => `${outline}\n${rules.map(([id]) => `  ${id}`).join("\n")}\n`);
    await expect(told.sort().join("\n")).toMatchFileSnapshot("golden/gallery.txt");
    expect({ requests: requests.length, errors }).toEqual({ requests: 1, errors: [] });
  });

  test("keeps the gallery within the edges of a phone, readable for everybody", async () => {
    const { page } = await open(await galleryUrl(), { width: "phone" });
    expect(await overflowing(page)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test.each(LOOKS)("keeps within the window and is readable for everybody: $scheme, $width", async (look) => {
    const { page } = await drawn("everything", [everything, ...hostile], look);
    expect(await overflowing(page)).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test("is dark where the reader's system is, or where they say so", async () => {
    const { page } = await drawn("everything", [everything]);
    const background = async (colorScheme: "light" | "dark", choice: "System" | "Light" | "Dark") => {
      await page.emulateMedia({ colorScheme });
      await page.getByLabel(choice).check();
      return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    };
    const [light, dark] = ["rgb(255, 255, 255)", "rgb(26, 29, 33)"];
    expect([
      await background("light", "System"),
      await background("dark", "System"),
      await background("light", "Dark"),
      await background("dark", "Light"),
    ]).toEqual([light, dark, dark, light]);
  });

  test("puts fields beside each other, and below each other on a phone or where phone width is asked for", async () => {
    const { page } = await drawn("everything", [everything]);
    const fields = page.locator(".fields").first().locator(".text");
    const columns = async () =>
      new Set(await fields.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().x))).size;
    const wide = await columns();
    await page.getByLabel("Phone width").check();
    const asOnPhone = await columns();
    await page.getByLabel("Phone width").uncheck();
    await page.setViewportSize({ width: WIDTHS.phone, height: 800 });
    expect([wide, asOnPhone, await columns()]).toEqual([2, 1, 1]);
  });

  test("shows foreign text as text: it becomes no element, runs nothing, and asks nobody for anything", async () => {
    const { page, requests, errors } = await drawn("hostile", hostile);
    const found = await page.evaluate(() => ({
      elements: document.querySelectorAll("script, img, iframe, svg, object, form").length,
      links: [...document.querySelectorAll("a")]
        .map(({ protocol }) => protocol)
        .filter((protocol) => !/^(https|file):$/.test(protocol)),
      title: document.title,
      texts: [...document.querySelectorAll(".message")].map(
        (message) => message.querySelector(".context")?.textContent,
      ),
    }));
    expect(found).toEqual({
      elements: 0,
      links: [],
      title: "hostile",
      texts: foreignTexts.map((text) => text.replace("&lt;b&gt; &amp;amp;", "<b> &amp;")),
    });
    expect({ requests: requests.length, errors }).toEqual({ requests: 1, errors: [] });
  });
});
