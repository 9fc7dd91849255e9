import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/**
 * What stands in each message, as elements without their texts, one line each: `h3.block div.text(strong code×2)`.
 * @returns by the message's anchor, or its place
 */
export function outlines(page: Page): Promise<readonly (readonly [name: string, outline: string])[]> {
  return page.evaluate(() => {
    const outline = (element: Element): string => {
      const name = [element.localName, ...element.classList].join(".");
      const inner = joined([...element.children].map(outline));
      return inner === "" ? name : `${name}(${inner})`;
    };
    const joined = (parts: readonly string[]): string => {
      const runs: { readonly part: string; times: number }[] = [];
      for (const part of parts) {
        const last = runs.at(-1);
        if (last?.part === part) last.times += 1;
        else runs.push({ part, times: 1 });
      }
      return runs.map(({ part, times }) => (times === 1 ? part : `${part}×${times}`)).join(" ");
    };
    return [...document.querySelectorAll(".message")].map((message, index): [string, string] => {
      const body = message.querySelector(".blocks");
      return [message.parentElement?.id || String(index), body === null ? "" : joined([...body.children].map(outline))];
    });
  });
}

/** Elements that are wider than what holds them, or reach beyond the window; none when all is well. */
export function overflowing(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("html, body, main, .scroller, .message, .message *")]
      .filter((element) => {
        if (!(element instanceof HTMLElement)) return false;
        const isCut =
          ["hidden", "auto"].includes(getComputedStyle(element).overflowX) && element.matches(".button, .hidden");
        const beyond = element.getBoundingClientRect().right > window.innerWidth + 1;
        const wider = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline";
        return beyond || (wider && !isCut);
      })
      .map((element) => `${element.localName}.${element.className}: ${element.textContent?.slice(0, 60)}`),
  );
}

let axe: Promise<string> | undefined;

/** What axe-core finds against WCAG 2.2 AA and its own best practices, a line each. https://github.com/dequelabs/axe-core */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  axe ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Not as an element of the page: its policy lets nothing run.
  await page.evaluate(await axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations, passes } = await axe.run({
      // Slack tells links from text by colour alone.
      rules: { "link-in-text-block": { enabled: false } },
    });
    if (passes.length < 10) return ["axe looked at next to nothing"];
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}
