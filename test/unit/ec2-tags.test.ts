import { createServer } from "node:http";
import { EC2Client } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ec2TagStore } from "#aws/ec2.ts";

/** Every page is followed by another. */
const server = createServer((_request, response) => {
  response.setHeader("content-type", "text/xml");
  response.end("<DescribeTagsResponse><tagSet/><nextToken>more</nextToken></DescribeTagsResponse>");
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

test("asking ends, however many pages there are", async () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = new EC2Client({
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await expect(ec2TagStore(() => client, 300).tagsOf("eu-central-1", ["i-1"])).rejects.toThrow("aborted");
});
