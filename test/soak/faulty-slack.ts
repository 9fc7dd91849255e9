import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { textsOf } from "#test/support/told.ts";
import type { Random } from "./random.ts";

/** What a request may meet on its way to Slack. `lostAfter`: Slack posts, and its answer does not arrive. */
const FAULTS = [
  "throttled",
  "unavailable",
  "lostBefore",
  "lostAfter",
  "refused",
  "killedBefore",
  "killedAfter",
  "outage",
  "dead",
] as const;
/** Without `outage` and `dead`, which are switched on. */
export type Fault = (typeof FAULTS)[number];

/** How many requests of a hundred meet this one or one before it. */
const SHARES: readonly (readonly [Fault, number])[] = [
  ["throttled", 2],
  ["unavailable", 3],
  ["lostBefore", 4],
  ["lostAfter", 5],
  ["refused", 5.5],
  ["killedBefore", 6],
  ["killedAfter", 6.5],
];

/** A server between the function and the stand-in for Slack, on which answers go wrong. */
export interface FaultySlack {
  /** The address of a hook, behind this server. */
  readonly hook: (hook: string) => string;
  /** From now on nothing goes through, or everything does as usual. */
  readonly setOutage: (out: boolean) => void;
  /** From now on this hook of the stand-in is gone. */
  readonly kill: (hook: string) => void;
  /** From now on nothing goes wrong by chance. */
  readonly calm: () => void;
  readonly counts: Readonly<Record<Fault, number>>;
  /** Answers of the stand-in itself that were not ok, by status: Slack's own limits. */
  readonly refusals: ReadonlyMap<number, number>;
  /** For each message that was posted without its sender hearing of it: the `eventID`. */
  readonly postedUnheard: readonly string[];
  readonly close: () => Promise<void>;
}

/** The `eventID` that a message names, also one in plain text. */
export function eventIdIn(payload: unknown): string | undefined {
  return /\beventID: (\S+)/.exec(textsOf(payload).join("\n"))?.[1];
}

/**
 * Starts it in front of the stand-in.
 * @param killSender ends the process behind a connection from this port, if it can be found
 */
export async function startFaultySlack(
  standIn: string,
  random: Random,
  killSender: (port: number) => boolean,
): Promise<FaultySlack> {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const refusals = new Map<number, number>();
  const postedUnheard: string[] = [];
  const dead = new Set<string>();
  let [out, calm] = [false, false];

  const roll = (payload: unknown): Fault | undefined => {
    if (calm) return undefined;
    const rolled = random.next() * 100;
    const [fault] = SHARES.find(([, upTo]) => rolled < upTo) ?? [];
    // Slack refuses what is drawn; the plain text that follows has nothing to refuse.
    const drawn = typeof payload === "object" && payload !== null && "blocks" in payload;
    return fault === "refused" && !drawn ? undefined : fault;
  };
  const faultFor = (path: string, payload: unknown): Fault | undefined => {
    if (out) return "outage";
    return dead.has(path) ? "dead" : roll(payload);
  };
  const post = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await request.toArray());
    const payload: unknown = JSON.parse(body.toString());
    const path = request.url ?? "";
    const port = request.socket.remotePort ?? 0;
    const answer = (status: number, text: string, headers: Readonly<Record<string, string>> = {}) =>
      void response.writeHead(status, headers).end(text);
    const fault = faultFor(path, payload);
    if (fault !== undefined && fault !== "killedBefore" && fault !== "killedAfter") counts[fault] += 1;
    switch (fault) {
      case "throttled":
        return answer(429, "rate_limited", { "retry-after": String(1 + random.below(2)) });
      case "unavailable":
        return answer(503, "unavailable");
      case "refused":
        return answer(400, "invalid_blocks");
      case "dead":
        return answer(404, "no_service");
      case "outage":
        if (random.happens(0.5)) return answer(503, "unavailable");
        return void response.destroy();
      case "killedBefore":
        counts[killSender(port) ? "killedBefore" : "lostBefore"] += 1;
        return void response.destroy();
      case "lostBefore":
        return void response.destroy();
      default:
    }
    const headers = { "content-type": "application/json" };
    const real = await fetch(standIn + path, { method: "POST", headers, body });
    const text = await real.text();
    if (!real.ok) refusals.set(real.status, (refusals.get(real.status) ?? 0) + 1);
    if (fault === "lostAfter" || fault === "killedAfter") {
      if (real.ok) postedUnheard.push(eventIdIn(payload) ?? "none");
      if (fault === "killedAfter") counts[killSender(port) ? "killedAfter" : "lostAfter"] += 1;
      return void response.destroy();
    }
    const retryAfter = real.headers.get("retry-after");
    answer(real.status, text, retryAfter === null ? {} : { "retry-after": retryAfter });
  };
  const server = createServer((request, response) => {
    post(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    hook: (hook) => hook.replace(standIn, `http://127.0.0.1:${port}`),
    setOutage: (now) => {
      out = now;
    },
    kill: (hook) => void dead.add(new URL(hook).pathname),
    calm: () => {
      calm = true;
    },
    counts,
    refusals,
    postedUnheard,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
