import type { S3Client } from "@aws-sdk/client-s3";
import { afterEach, expect, test, vi } from "vitest";
import { s3ObjectStore } from "#aws/s3.ts";

afterEach(() => void vi.useRealTimers());

/** A client whose objects consist of these chunks. */
function answering(body: () => AsyncIterable<Uint8Array>): S3Client {
  return { send: async () => ({ Body: body() }) } as unknown as S3Client;
}

async function lengthsOf(chunks: AsyncIterable<Uint8Array>): Promise<number[]> {
  const lengths: number[] = [];
  for await (const chunk of chunks) lengths.push(chunk.length);
  return lengths;
}

const object = { bucket: "b", key: "k" };

test("a body that falls silent ends the reading with a sentence, and not the invocation", async () => {
  vi.useFakeTimers();
  let closed = false;
  const client = answering(async function* () {
    try {
      yield new Uint8Array(3);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    } finally {
      closed = true;
    }
  });
  const reading = lengthsOf(s3ObjectStore(client).read(object));
  const failing = expect(reading).rejects.toThrow("s3://b/k could not be read: no bytes came for too long");
  await vi.advanceTimersByTimeAsync(15_000);
  await failing;
  await vi.advanceTimersByTimeAsync(45_000);
  expect(closed).toBe(true);
});

test("a body that is slow, and a reader that is slow, are waited for", async () => {
  vi.useFakeTimers();
  const client = answering(async function* () {
    for (const length of [1, 2, 3]) {
      await new Promise((resolve) => setTimeout(resolve, 14_000));
      yield new Uint8Array(length);
    }
  });
  const slowly = async () => {
    const lengths: number[] = [];
    for await (const chunk of s3ObjectStore(client).read(object)) {
      await new Promise((resolve) => setTimeout(resolve, 100_000));
      lengths.push(chunk.length);
    }
    return lengths;
  };
  const reading = slowly();
  await vi.advanceTimersByTimeAsync(400_000);
  expect(await reading).toEqual([1, 2, 3]);
  expect(vi.getTimerCount()).toBe(0);
});
