import type { Call } from "./journal.ts";

/** Calls whose permission has another name. https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const renamed: Readonly<Record<string, readonly string[]>> = {
  "lambda:Invoke": ["lambda:InvokeFunction"],
  "s3:CompleteMultipartUpload": ["s3:PutObject"],
  "s3:CopyObject": ["s3:GetObject", "s3:PutObject"],
  "s3:CreateMultipartUpload": ["s3:PutObject"],
  "s3:DeleteObjects": ["s3:DeleteObject"],
  "s3:GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
  "s3:GetObjectLockConfiguration": ["s3:GetBucketObjectLockConfiguration"],
  "s3:HeadBucket": ["s3:ListBucket"],
  "s3:HeadObject": ["s3:GetObject"],
  "s3:ListObjectVersions": ["s3:ListBucketVersions"],
  "s3:ListObjects": ["s3:ListBucket"],
  "s3:ListObjectsV2": ["s3:ListBucket"],
  "s3:UploadPart": ["s3:PutObject"],
};

/** Calls for which IAM asks nothing. */
const free = new Set(["sts:GetCallerIdentity"]);

/** What else a call needs because of its parameters. */
function alsoNeeded({ service, action, params }: Call): readonly string[] {
  const names = Object.keys(params);
  const needed: string[] = [];
  if (service === "ec2" && action !== "CreateTags" && names.some((name) => name.startsWith("TagSpecification"))) {
    needed.push("ec2:CreateTags");
  }
  if (action === "RunInstances" && names.some((name) => name.startsWith("IamInstanceProfile"))) {
    needed.push("iam:PassRole");
  }
  if (action === "AssociateIamInstanceProfile") needed.push("iam:PassRole");
  if (action === "PutObject") {
    if (names.some((name) => name.startsWith("x-amz-object-lock-"))) needed.push("s3:PutObjectRetention");
    if (params["x-amz-server-side-encryption"] === "aws:kms") needed.push("kms:GenerateDataKey");
  }
  return needed;
}

/** The permissions that these calls need, each once and in order: "ec2:StopInstances", "s3:PutObject", … */
export function iamActionsOf(calls: readonly Call[]): readonly string[] {
  const needed = calls.flatMap((call) => {
    const name = `${call.service}:${call.action}`;
    if (free.has(name)) return [];
    if (name === "s3:GetObject" && call.params.versionId !== undefined) return ["s3:GetObjectVersion"];
    return [...(renamed[name] ?? [name]), ...alsoNeeded(call)];
  });
  return [...new Set(needed)].sort();
}
