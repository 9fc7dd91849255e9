import { DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { KMSClient, VerifyCommand } from "@aws-sdk/client-kms";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { errorName, isMissing } from "#incident-response/aws-error.ts";
import { keys } from "#incident-response/cases.ts";
import { type EvidenceBucket, getObject, sha256 } from "#incident-response/evidence.ts";
import { type KeptManifest, manifestsOf } from "#incident-response/manifests.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { messageOf } from "#model/errors.ts";
import { findCase } from "./cases.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { loggedManifests } from "./log.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Looks whether the evidence of a case is what its manifests say, and these what was signed.
 * @param given a case, or an instance with an open one
 * @throws RespondError
 */
export async function verifyCase(given: string, surroundings: Surroundings, show: Show): Promise<ExitCode> {
  const { name } = await findCase(given, surroundings);
  const where = bucketOf(surroundings.settings, surroundings.account);
  const problems: string[] = [];
  const logged = loggedManifests(name);
  let previous: KeptManifest | undefined;
  let objects = 0;
  try {
    for await (const manifest of manifestsOf(surroundings.aws, where, name)) {
      const key = keys.manifest(name, manifest.number);
      if (manifest.previousSha256 !== (previous?.objectSha256 ?? null))
        problems.push(`${key}: it does not follow the one before`);
      const known = logged.get(key);
      if (known !== undefined && known !== manifest.objectSha256)
        problems.push(`${key}: it is not what this machine wrote`);
      problems.push(...(await signatureProblems(manifest, key, surroundings)));
      for (const one of manifest.evidence) {
        objects += 1;
        const problem =
          one.kind === "object"
            ? await objectProblem(one, where, surroundings)
            : await snapshotProblem(one.id, surroundings);
        if (problem !== undefined) problems.push(problem);
      }
      previous = manifest;
    }
  } catch (error) {
    problems.push(messageOf(error));
  }
  if (previous === undefined) problems.push(`the case ${name} has no manifest`);
  for (const key of logged.keys()) {
    if (previous !== undefined && Number(/-(\d+)\.json$/.exec(key)?.[1]) > previous.number)
      problems.push(`${key} is gone`);
  }
  for (const problem of problems) show.event("altered", { case: name, problem }, `ALTERED  ${problem}`);
  const whole = problems.length === 0;
  const text = whole
    ? `${objects} pieces of evidence are what the manifests say`
    : `${problems.length} problems in ${objects} pieces of evidence`;
  show.event("verified", { case: name, whole, objects, problems: problems.length }, text);
  return whole ? EXIT.done : EXIT.partial;
}

async function signatureProblems(
  manifest: KeptManifest,
  key: string,
  { region, settings }: Surroundings,
): Promise<readonly string[]> {
  const { key: KeyId, algorithm, value } = manifest.signature;
  // Whoever may write the manifest may also write which key signed it.
  const { signingKeyArn: expected } = settings;
  if (expected !== null && KeyId !== expected)
    return [`${key}: it is signed by ${KeyId ?? "nobody"}, not by ${expected}`];
  if (KeyId === null || algorithm === "none") return [];
  try {
    const { SignatureValid } = await new KMSClient({ region }).send(
      new VerifyCommand({
        KeyId,
        Message: Buffer.from(manifest.signedSha256, "hex"),
        MessageType: "DIGEST",
        Signature: Buffer.from(value, "base64"),
        SigningAlgorithm: "ECDSA_SHA_256",
      }),
    );
    return SignatureValid === true ? [] : [`${key}: the signature is wrong`];
  } catch (error) {
    return [
      `${key}: the signature ${errorName(error) === "KMSInvalidSignatureException" ? "is wrong" : `cannot be checked: ${messageOf(error)}`}`,
    ];
  }
}

/** The version that was kept, by its content, and that it is the one that is shown. */
async function objectProblem(
  one: KeptManifest["evidence"][number],
  where: EvidenceBucket,
  { aws }: Surroundings,
): Promise<string | undefined> {
  const found = await getObject(aws, where, one.id, one.versionId);
  if (found === undefined) return `${one.id} is gone`;
  if (one.sha256 !== undefined && sha256(found.body) !== one.sha256) return `${one.id} has other contents`;
  try {
    const { bucket: Bucket, bucketOwner: ExpectedBucketOwner } = where;
    const { VersionId } = await aws.s3.send(new HeadObjectCommand({ Bucket, Key: one.id, ExpectedBucketOwner }));
    if (one.versionId !== undefined && VersionId !== one.versionId)
      return `${one.id} was written over; the version that was kept is still there`;
    return undefined;
  } catch (error) {
    if (isMissing(error)) return `${one.id} was deleted; the version that was kept is still there`;
    throw error;
  }
}

async function snapshotProblem(id: string, { aws }: Surroundings): Promise<string | undefined> {
  try {
    const { Snapshots: [snapshot] = [] } = await aws.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return snapshot === undefined || snapshot.State === "error" ? `the snapshot ${id} is of no use` : undefined;
  } catch (error) {
    if (isMissing(error)) return `the snapshot ${id} is gone`;
    throw error;
  }
}
