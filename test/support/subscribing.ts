import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Stands before an SNS of ministack, which does not know `ReturnSubscriptionArn`: for a subscription that waits to be
 * confirmed it answers "pending confirmation", and Terraform looks for a subscription of that name. SNS itself answers the
 * ARN (https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html), as ministack does when it is asked a second time.
 */
export async function startSubscribing(
  ministackUrl: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const ask = async () => {
      const answer = await fetch(new URL(request.url ?? "/", ministackUrl), {
        method: request.method ?? "POST",
        headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
          typeof value === "string" && !/^(host|connection|content-length)$/.test(name) ? [[name, value]] : [],
        ),
        ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const first = await ask();
    const { status, type, text } = first.text.includes(">pending confirmation<") ? await ask() : first;
    response.writeHead(status, { "content-type": type ?? "text/xml" }).end(text);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
