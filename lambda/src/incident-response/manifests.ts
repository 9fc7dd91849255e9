import { createHash } from "node:crypto";
import { SignCommand } from "@aws-sdk/client-kms";
import * as v from "valibot";
import type { Aws } from "./aws.ts";
import { keys } from "./cases.ts";
import { type EvidenceBucket, getObject, putOnce, sha256 } from "./evidence.ts";
import type { Evidence } from "./record.ts";

/** How a run ended. */
export const OUTCOMES = ["done", "partial", "not-isolated", "drift"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The part of a manifest that programs of ours read again. */
const Known = v.looseObject({
  outcome: v.picklist(OUTCOMES),
  action: v.picklist(["contain", "restore"]),
  profile: v.string(),
  /** Of a run that isolated: the quarantine group of each VPC. */
  network: v.nullish(v.looseObject({ groups: v.optional(v.record(v.string(), v.string())) })),
  evidence: v.array(
    v.looseObject({
      kind: v.picklist(["object", "snapshot"]),
      id: v.string(),
      what: v.string(),
      versionId: v.optional(v.string()),
      sha256: v.optional(v.string()),
    }),
  ),
  steps: v.array(
    v.looseObject({
      changes: v.array(v.object({ what: v.string(), id: v.string(), before: v.unknown(), after: v.unknown() })),
    }),
  ),
  previousSha256: v.nullable(v.string()),
  signature: v.looseObject({ key: v.nullable(v.string()), algorithm: v.string(), value: v.string() }),
});

/** A manifest as it stands in the bucket. */
export interface KeptManifest extends v.InferOutput<typeof Known> {
  readonly number: number;
  /** Of the whole object. */
  readonly objectSha256: string;
  /** What was signed: the manifest without its signature. */
  readonly signedSha256: string;
}

/** More runs of one case than anybody will see. */
const MAX_RUNS = 1_000;
const ALGORITHM = "ECDSA_SHA_256";

/** Every manifest of a case, oldest first. @throws Error when one is damaged; what the SDK throws */
export async function* manifestsOf(
  aws: Pick<Aws, "s3">,
  where: Pick<EvidenceBucket, "bucket" | "bucketOwner">,
  name: string,
): AsyncGenerator<KeptManifest> {
  for (let number = 1; number <= MAX_RUNS; number += 1) {
    const found = await getObject(aws, where, keys.manifest(name, number));
    if (found === undefined) return;
    yield read(found.body, number);
  }
}

/** The latest manifest of a case, if it has any. @throws like {@link manifestsOf} */
export async function lastManifest(
  aws: Pick<Aws, "s3">,
  where: Pick<EvidenceBucket, "bucket" | "bucketOwner">,
  name: string,
): Promise<KeptManifest | undefined> {
  let last: KeptManifest | undefined;
  for await (const manifest of manifestsOf(aws, where, name)) last = manifest;
  return last;
}

/**
 * Signs a manifest and keeps it as the next one of its case.
 * @throws what the SDK throws
 */
export async function keepManifest(
  aws: Aws,
  where: EvidenceBucket,
  name: string,
  content: Readonly<Record<string, unknown>>,
  signingKeyArn: string | null,
): Promise<{ readonly evidence: Evidence; readonly signed: boolean }> {
  let previous = await lastManifest(aws, where, name);
  for (let number = (previous?.number ?? 0) + 1; number <= MAX_RUNS; number += 1) {
    const unsigned = { ...content, number, previousSha256: previous?.objectSha256 ?? null };
    const signature = await sign(aws, JSON.stringify(unsigned), signingKeyArn);
    const body = JSON.stringify({ ...unsigned, signature }, null, 2);
    const evidence = await putOnce(aws, where, keys.manifest(name, number), body, "manifest");
    if (evidence !== undefined) return { evidence, signed: signingKeyArn !== null };
    previous = await lastManifest(aws, where, name);
  }
  throw new Error(`the case ${name} has ${MAX_RUNS} manifests`);
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
async function sign({ kms }: Aws, text: string, KeyId: string | null) {
  if (KeyId === null) return { key: null, algorithm: "none", value: "" };
  const Message = createHash("sha256").update(text).digest();
  const { Signature = new Uint8Array() } = await kms.send(
    new SignCommand({ KeyId, Message, MessageType: "DIGEST", SigningAlgorithm: ALGORITHM }),
  );
  return { key: KeyId, algorithm: ALGORITHM, value: Buffer.from(Signature).toString("base64") };
}

function read(bytes: Uint8Array, number: number): KeptManifest {
  const original = jsonOf(bytes);
  const parsed = v.safeParse(Known, original);
  if (!parsed.success) throw new Error(`the manifest ${number} is damaged`);
  // Of what was read, not of what was parsed: that may have its keys in another order.
  const { signature: _, ...unsigned } = original as Readonly<Record<string, unknown>>;
  return { ...parsed.output, number, objectSha256: sha256(bytes), signedSha256: sha256(JSON.stringify(unsigned)) };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
