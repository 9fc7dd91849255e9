import { Agent, request as httpRequest } from "node:http";
import type { Answer } from "./answer.ts";
import type { AwsRequest } from "./request.ts";

/** Headers that belong to one connection and not to the message. */
const hopByHop = new Set(["connection", "expect", "keep-alive", "transfer-encoding", "content-length"]);

/** Sends calls on to emulators. A call is sent as it came, with the host name that it was signed for. */
export function createForwarder() {
  // The emulators close idle connections without notice, which a shared connection would report as a failed call.
  const agent = new Agent({ keepAlive: false, maxSockets: 32 });

  /** @param endpoint where to, such as "http://127.0.0.1:40123" @throws Error when the emulator does not answer */
  function forward(endpoint: string, request: AwsRequest): Promise<Answer> {
    const headers = Object.entries(request.headers).filter(([name]) => !hopByHop.has(name));
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        new URL(request.path, endpoint),
        {
          method: request.method,
          agent,
          headers: { ...Object.fromEntries(headers), "content-length": request.body.length },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const kept = Object.entries(response.headers).flatMap(([name, value]) =>
              value === undefined || hopByHop.has(name) ? [] : [[name, String(value)]],
            );
            const body = Buffer.concat(chunks);
            resolve({ status: response.statusCode ?? 502, headers: Object.fromEntries(kept), body });
          });
        },
      );
      sent.on("error", reject);
      sent.end(request.body);
    });
  }

  return { forward, close: () => agent.destroy() };
}
