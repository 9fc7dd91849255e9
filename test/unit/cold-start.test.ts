import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repoRoot, run } from "#test/support/tools.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cold-start-"));
const signatures: string[] = [];
/** Stands where SSM is, and knows no parameter. */
const server = createServer((request, response) => {
  signatures.push(String(request.headers.authorization));
  request.resume().once("end", () => {
    response.setHeader("content-type", "application/x-amz-json-1.1");
    response.end(JSON.stringify({ Parameters: [], InvalidParameters: ["/a"] }));
  });
});

beforeAll(async () => {
  const zip = unzipSync(readFileSync(path.join(repoRoot, "lambda", "dist", "notifier.zip")));
  for (const [name, bytes] of Object.entries(zip)) writeFileSync(path.join(folder, name), bytes);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

/** What a process says that runs a piece of CommonJS, in which `clients()` are the files of clients that are loaded. */
async function said(code: string): Promise<unknown> {
  const prelude = `const entry = ${JSON.stringify(path.join(folder, "index.js"))};
    const clients = () => Object.keys(require.cache).map((file) => require("node:path").basename(file).split("-")[0])
      .filter((name) => ["dynamodb", "ec2", "organizations", "s3", "sns", "sqs", "ssm"].includes(name));
    const tell = (value) => console.log(JSON.stringify(value));`;
  const env = {
    PATH: process.env.PATH,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "AKIAFROMTHEENVIRONMENT",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    CONFIGURATION_PARAMETERS: "/a",
    CONFIGURATION_SHA256: "0",
  };
  const { stdout } = await run(process.execPath, ["--eval", prelude + code], { env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

test("loading the function loads the client of SSM, which each deployment asks, behind itself, and no other", async () => {
  const code = "require(entry); const loading = clients(); setImmediate(() => tell([loading, clients()]));";
  const [loading, loaded] = Object(await said(code));
  // On Node 24 what is loaded behind has its turn before `require` returns.
  expect(loading).toEqual(process.versions.node.startsWith("22.") ? [] : ["ssm"]);
  expect(loaded).toEqual(["ssm"]);
});

test("a function asks SSM with the credentials of its environment, and loads no other client for it", async () => {
  const code = `require(entry).handler({ Records: [] }).catch((error) => tell([error.message, clients()]));`;
  expect(await said(code)).toEqual([expect.stringContaining("SSM has no parameter /a"), ["ssm"]]);
  expect(signatures).toEqual([expect.stringContaining("Credential=AKIAFROMTHEENVIRONMENT/")]);
});

test("a client that could not be loaded is loaded when it is asked for the next time", async () => {
  const code = `const { readdirSync, renameSync } = require("node:fs");
    const name = readdirSync(${JSON.stringify(folder)}).find((file) => file.startsWith("ssm-"));
    const file = require("node:path").join(${JSON.stringify(folder)}, name);
    renameSync(file, file + ".away");
    const { handler } = require(entry);
    setImmediate(() => {
      renameSync(file + ".away", file);
      handler({ Records: [] }).catch((error) => tell(error.message));
    });`;
  expect(await said(code)).toContain("SSM has no parameter /a");
});
