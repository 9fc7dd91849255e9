import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type DrawnSection, previewPage } from "#cli/preview/page/document.ts";
import { findBrowser, NO_BROWSER, startBrowser } from "#test/support/browser.ts";

const executable = findBrowser();

/** Whether there is a browser, and what to call the tests where there is none. */
export const skipped = executable === undefined;
/** The name of a group of tests, with the reason where they are skipped. */
export const named = (name: string): string => (skipped ? `${name} (skipped: ${NO_BROWSER})` : name);

/** How wide a window is, in CSS pixels. */
export const WIDTHS = { desktop: 1100, phone: 390 } as const;

/** How a page is looked at. */
export interface Look {
  readonly scheme?: "light" | "dark";
  readonly width?: keyof typeof WIDTHS;
}

/** An open page, and what it asked the network for. */
export interface Opened {
  readonly page: Page;
  /** Addresses, the page's own first. */
  readonly requests: readonly string[];
  /** What went wrong in it. */
  readonly errors: readonly string[];
}

/** A browser for the tests of a file; call it once, outside of tests. */
export function useBrowser(): (url: string, look?: Look) => Promise<Opened> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (executable !== undefined) browser = await startBrowser(executable);
  });
  afterAll(async () => browser?.close());
  return async (url, { scheme = "light", width = "desktop" } = {}) => {
    if (browser === undefined) throw new Error(NO_BROWSER);
    const viewport = { width: WIDTHS[width], height: 800 };
    const page = await browser.newPage({ colorScheme: scheme, viewport, timezoneId: "UTC" });
    onTestFinished(() => page.close());
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("dialog", (dialog) => {
      errors.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return { page, requests, errors };
  };
}

/** Files of HTML for a browser; gone when the tests of the file are over. */
export function usePages(): (name: string, html: string) => Promise<string> {
  let folder: string | undefined;
  afterAll(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return async (name, html) => {
    folder ??= await mkdtemp(path.join(tmpdir(), "pages-"));
    const file = path.join(folder, `${name}.html`);
    await writeFile(file, html);
    return pathToFileURL(file).href;
  };
}

/** A page with these messages in one section. */
export function pageOf(name: string, payloads: readonly unknown[]): string {
  const messages = payloads.map((payload) => ({
    payload,
    at: "2025-06-11T09:15:00Z",
    caption: name,
    anchor: undefined,
  }));
  const sections: readonly DrawnSection[] = [{ name, messages, more: 2 }];
  return previewPage({ title: name, summary: "A sentence.", sections });
}
