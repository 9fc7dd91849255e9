import { accessSync, constants } from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

/** What Chromium is called on PATH. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
/** Where it lies otherwise. */
const PLACES = ["/snap/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** Why tests that need a browser are skipped, where they are. */
export const NO_BROWSER = "there is no Chromium; `apt-get install chromium`, or set CHROMIUM to its path";

/** The path of this machine's Chromium: the environment's CHROMIUM, one on PATH, or where it usually lies. */
export function findBrowser(): string | undefined {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return CHROMIUM;
  const onPath = PATH.split(path.delimiter).flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return [...onPath, ...PLACES].find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a headless Chromium. */
export function startBrowser(executablePath: string): Promise<Browser> {
  // As root, as in containers, its sandbox does not work.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}
