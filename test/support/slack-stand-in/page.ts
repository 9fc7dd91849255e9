import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { type Answer, json } from "./http.ts";
import type { Inbox, Received } from "./inbox.ts";

const files = new Map([
  ["/", { url: new URL("./page.html", import.meta.url), type: "text/html" }],
  ["/page.css", { url: new URL("./page.css", import.meta.url), type: "text/css" }],
  ["/page-messages.css", { url: new URL("./page-messages.css", import.meta.url), type: "text/css" }],
  ["/page-blocks.css", { url: new URL("./page-blocks.css", import.meta.url), type: "text/css" }],
  ["/page.js", { url: new URL("./page.js", import.meta.url), type: "text/javascript" }],
  ["/page-blocks.js", { url: new URL("./page-blocks.js", import.meta.url), type: "text/javascript" }],
  ["/page-mrkdwn.js", { url: new URL("./page-mrkdwn.js", import.meta.url), type: "text/javascript" }],
]);

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
    body: await readFile(file.url, "utf8"),
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
