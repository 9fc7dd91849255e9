import { writeFile } from "node:fs/promises";
import path from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Ministack } from "./ministack.ts";
import { grantGetParameters } from "./ministack-iam.ts";
import { openRoot, type TerraformRoot, type TerraformVariables } from "./terraform.ts";
import { repoRoot } from "./tools.ts";

/** What an AWS client needs to talk to the emulator. */
export function clientConfig(ministack: Ministack) {
  const { AWS_REGION = "us-east-1", AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = ministack.env;
  return {
    endpoint: ministack.endpoint,
    region: AWS_REGION,
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    forcePathStyle: true,
  };
}

/** The emulator as a user of another region sees it. */
export function inRegion(ministack: Ministack, region: string): Ministack {
  return { ...ministack, env: { ...ministack.env, AWS_REGION: region, AWS_DEFAULT_REGION: region } };
}

/** Puts objects into buckets of the emulator. */
export function bucketWriter(ministack: Ministack): (bucket: string, key: string, body: Uint8Array) => Promise<void> {
  const s3 = new S3Client(clientConfig(ministack));
  return async (Bucket, Key, Body) => void (await s3.send(new PutObjectCommand({ Bucket, Key, Body })));
}

/** Terraform merges it into the root. https://developer.hashicorp.com/terraform/language/files/override */
const WITHOUT_WINDOWS = 'module "cloudtrail_to_slack" {\n  grouping = { window_minutes = 0 }\n}\n';

/**
 * Opens a Terraform root of this repository on the emulator, ready to apply, and sees to it that the function's role can
 * read parameters there (see {@link grantGetParameters}).
 * @param directory from the repository's root, such as `examples/per-account-channels`
 */
export async function openOnMinistack(
  directory: string,
  options: {
    readonly ministack: Ministack;
    readonly functionName: string;
    readonly variables: TerraformVariables;
    /** Whether every alert is told by the invocation that finds it, so that nobody waits for the end of a window. */
    readonly withoutWindows?: boolean;
  },
): Promise<TerraformRoot> {
  const { ministack, functionName, variables, withoutWindows = false } = options;
  const root = await openRoot(path.join(repoRoot, directory), { env: ministack.env, variables });
  if (withoutWindows) await writeFile(path.join(root.directory, "windows_override.tf"), WITHOUT_WINDOWS);
  const stopGranting = grantGetParameters(ministack, `${functionName}-role`);
  await root.init();
  return {
    ...root,
    close: async () => {
      stopGranting();
      await root.close();
    },
  };
}
