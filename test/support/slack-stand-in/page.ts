import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { style } from "#cli/preview/page/style.ts";
import { type Answer, json } from "./http.ts";
import type { Inbox, Received } from "./inbox.ts";

/** The page's parts by their paths; each is made when it is first asked for. */
const files: ReadonlyMap<string, { readonly type: string; readonly make: () => Promise<string> }> = new Map([
  ["/", { type: "text/html", make: () => readFile(new URL("./page.html", import.meta.url), "utf8") }],
  ["/page.css", { type: "text/css", make: async () => style }],
  ["/page.js", { type: "text/javascript", make: once(clientScript) }],
]);

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** What draws messages is TypeScript that the command line uses too: browsers want it as one file of JavaScript. */
async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
    entryPoints: ["./page-client.ts"],
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("");
}

/** The page loads its own style and scripts, talks to its own server, and can do nothing else. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page or one of its parts; undefined for any other path. */
export async function pageFile(path: string): Promise<Answer | undefined> {
  const file = files.get(path);
  if (file === undefined) return undefined;
  return {
    status: 200,
    body: await file.make(),
    headers: {
      "content-type": `${file.type}; charset=utf-8`,
      "content-security-policy": policy,
      "referrer-policy": "no-referrer",
    },
  };
}

/** All channels and messages as JSON: `{ channels: string[], messages: Received[] }`. */
export function messagesJson(inbox: Inbox, channels: readonly string[]): Answer {
  return json(200, snapshot(inbox, channels));
}

/**
 * Server-sent events: first `snapshot` with everything that was received so far, then one `message` per new message,
 * until the browser goes away or `closing` fires.
 */
export function streamEvents(
  inbox: Inbox,
  channels: readonly string[],
  response: ServerResponse,
  closing: AbortSignal,
): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    connection: "close",
  });
  const write = (event: string, value: unknown): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  };
  write("snapshot", snapshot(inbox, channels));
  const unsubscribe = inbox.onMessage((message: Received) => write("message", message));
  const end = (): void => void response.end();
  closing.addEventListener("abort", end, { once: true });
  response.once("close", () => {
    unsubscribe();
    closing.removeEventListener("abort", end);
  });
}

function snapshot(inbox: Inbox, channels: readonly string[]): unknown {
  return { channels, messages: inbox.received() };
}
