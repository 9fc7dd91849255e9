import { createGunzip, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Gunzip, startDirectGunzip, startGunzip } from "#records/gunzip.ts";
import { unpack } from "#records/unpack.ts";
import { inChunks } from "#test/support/reading.ts";

const text = Buffer.from(Array.from({ length: 90_000 }, (_, index) => `record ${index * 7_919} `).join(""));
const packed = gzipSync(text);

async function unpacked(content: Uint8Array, start: () => Gunzip, ...chunks: readonly number[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of unpack(inChunks(content, ...chunks), start)) parts.push(Uint8Array.from(part));
  return Buffer.concat(parts);
}

function startDirect(): Gunzip {
  const gunzip = startDirectGunzip();
  if (gunzip === undefined) throw new Error("this Node's zlib is not made as expected");
  return gunzip;
}

describe.each([
  ["the public stream", startGunzip],
  ["what the stream is made of", startDirect],
])("unpacking by %s", (_, start) => {
  test.each([
    ["one member", packed],
    ["several members", Buffer.concat([packed, gzipSync("x"), gzipSync(""), packed])],
    ["zeros behind the last member", Buffer.concat([packed, Buffer.alloc(40_000)])],
    ["what packs very well", gzipSync(Buffer.alloc(5_000_000))],
  ])("gives what gunzipSync gives of %s", async (_what, content) => {
    const expected = gunzipSync(content);
    for (const sizes of [[content.length], [1_000, 1, 17], [packed.length]]) {
      expect((await unpacked(content, start, ...sizes)).equals(expected)).toBe(true);
    }
  });

  test.each([
    ["is cut", packed.subarray(0, -9)],
    ["is damaged", Buffer.concat([packed.subarray(0, 2_000), Buffer.from("damage"), packed.subarray(2_006)])],
    ["has a wrong checksum", Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)])],
    ["has something else behind it", Buffer.concat([packed, Buffer.from("x".repeat(50))])],
  ])("throws when gzip %s", async (_what, content) => {
    await expect(unpacked(content, start, 5_000)).rejects.toThrow(expect.objectContaining({ name: "GzipError" }));
  });
});

test.each([
  ["nothing", {}],
  ["no handle", Object.assign(createGunzip(), { _handle: null })],
  ["another handle", Object.assign(createGunzip(), { _handle: { write() {} } })],
  ["another state", Object.assign(createGunzip(), { _writeState: [0, 0] })],
])("the public stream serves where there is %s inside", async (_, inside) => {
  expect(startDirectGunzip(() => inside)).toBeUndefined();
  const start = () => startDirectGunzip(() => inside) ?? startGunzip();
  expect((await unpacked(packed, start, 5_000)).equals(text)).toBe(true);
});
