import { DeleteSnapshotCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { beforeEach, expect, test } from "vitest";
import { BUCKET, keysIn, launch, objectIn, respond } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const scene = await useScene({ fresh: true });
let id: string;
beforeEach(async () => {
  const { KeyMetadata } = await scene.kms.send(
    new CreateKeyCommand({ KeyUsage: "SIGN_VERIFY", KeySpec: "ECC_NIST_P256" }),
  );
  const Value = JSON.stringify({ bucket: BUCKET, signingKeyArn: KeyMetadata?.Arn });
  const Name = "/cloudtrail-to-slack/incident-response";
  await new SSMClient(scene.truth.client).send(new PutParameterCommand({ Name, Value, Type: "String" }));
  id = await launch(scene);
  expect((await respond("-i", id)).code).toBe(0);
});

/** What is wrong may be told as a problem, or end the command. */
const mentions = ({ out, said }: { readonly out: string; readonly said: string }, what: string) =>
  `${out}\n${said}`.includes(what);
const evidence = async () => (await keysIn(scene, "cases/")).filter((key) => !key.includes("/claims/"));

test("evidence that nobody touched is what its signed manifests say", async () => {
  const { code, out } = await respond("verify", id);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("are what the manifests say") });
});

test("G12: one byte changed, or any object deleted, or a snapshot: each is found", async () => {
  const keys = await evidence();
  expect(keys.length).toBeGreaterThanOrEqual(4);
  const missed: string[] = [];
  for (const Key of keys) {
    const bytes = await objectIn(scene, Key);
    const changed = Buffer.from(bytes);
    const middle = Math.floor(changed.length / 2);
    changed[middle] = (changed[middle] ?? 0) ^ 1;
    await scene.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: changed }));
    const named = Key.includes("manifest") ? "manifest" : Key;
    const afterChange = await respond("verify", id);
    if (afterChange.code === 0 || !mentions(afterChange, named)) missed.push(`changed ${Key}`);
    await scene.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    const afterDeletion = await respond("verify", id);
    if (afterDeletion.code === 0 || !mentions(afterDeletion, named)) missed.push(`deleted ${Key}`);
    await scene.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: bytes }));
  }
  expect(missed).toEqual([]);
});

test("G12: a manifest that another key signed than the module's is found, though its signature is right", async () => {
  const { KeyMetadata } = await scene.kms.send(
    new CreateKeyCommand({ KeyUsage: "SIGN_VERIFY", KeySpec: "ECC_NIST_P256" }),
  );
  const Value = JSON.stringify({ bucket: BUCKET, signingKeyArn: KeyMetadata?.Arn });
  const Name = "/cloudtrail-to-slack/incident-response";
  const other = new PutParameterCommand({ Name, Value, Type: "String", Overwrite: true });
  await new SSMClient(scene.truth.client).send(other);
  const { code, out } = await respond("verify", id);
  expect([code, out]).toEqual([4, expect.stringContaining(`not by ${KeyMetadata?.Arn}`)]);
});

test("G12: a snapshot that is deleted is missed", async () => {
  const { Snapshots = [] } = await scene.ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: "tag:ir:source", Values: [id] }] }),
  );
  await scene.ec2.send(new DeleteSnapshotCommand({ SnapshotId: Snapshots[0]?.SnapshotId }));
  const { code, out } = await respond("verify", id);
  expect({ code, out }).toEqual({ code: 4, out: expect.stringContaining("is gone") });
});
