import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What a fake bucket was asked for. */
export interface FakeS3 {
  readonly endpoint: string;
  /** The last parts of the keys that were asked for, in order. */
  readonly asked: readonly string[];
}

/**
 * The bucket `b` for this test, as S3 answers, as far as a scan asks. Lists two keys at a time.
 * @param objects by key; a number is the status that asking for it gives
 */
export async function fakeS3(objects: Readonly<Record<string, Uint8Array | number>>): Promise<FakeS3> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://s3");
    const key = decodeURIComponent(pathname).replace(/^\/b\/?/, "");
    const fail = (status: number, code: string) =>
      response.writeHead(status).end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
    if (!/^\/b(\/|$)/.test(pathname)) fail(404, "NoSuchBucket");
    else if (searchParams.has("list-type")) {
      const keys = Object.keys(objects).filter((each) => each.startsWith(searchParams.get("prefix") ?? ""));
      const from = Number(searchParams.get("continuation-token") ?? 0);
      const contents = keys.slice(from, from + 2).map((each) => `<Contents><Key>${each}</Key></Contents>`);
      const more = from + 2 < keys.length ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : "";
      response.writeHead(200).end(`<ListBucketResult>${more}${contents.join("")}</ListBucketResult>`);
    } else {
      asked.push(key.split("/").at(-1) ?? "");
      const object = objects[key];
      if (object instanceof Uint8Array) response.writeHead(200).end(object);
      else fail(object ?? 404, object === undefined ? "NoSuchKey" : "AccessDenied");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, asked };
}
