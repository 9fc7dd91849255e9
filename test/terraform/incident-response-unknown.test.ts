import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { openRoot, type TerraformRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { only, resourcesOf } from "./plan.ts";

/** What a root makes beside the module: while planning, nobody knows its ARNs and ids yet. */
const ROOT = `
resource "aws_kms_key" "evidence" {}
resource "aws_sns_topic" "operations" { name = "operations" }
resource "aws_iam_role" "forensics" {
  name               = "forensics"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_iam_instance_profile" "forensics" {
  name = "forensics"
  role = aws_iam_role.forensics.name
}
resource "aws_subnet" "forensics" {
  vpc_id     = "vpc-0123456789abcdef0"
  cidr_block = "192.0.2.0/24"
}
resource "aws_launch_template" "web" {}

module "incident_response" {
  # With two slashes, so that what is above the folder belongs to it, as with a relative path.
  source        = "${repoRoot}//modules/incident-response"
  alarm_actions = [aws_sns_topic.operations.arn]
  evidence      = { kms_key = { arn = aws_kms_key.evidence.arn } }
  forensics = {
    ami_id           = "ami-0123456789abcdef0"
    instance_profile = { arn = aws_iam_instance_profile.forensics.arn, role_arn = aws_iam_role.forensics.arn }
    subnet_ids       = [aws_subnet.forensics.id]
  }
  isolation   = { revoke_credentials = "instance", restorable_role_arns = [aws_iam_role.forensics.arn] }
  replacement = { launch_template_id = aws_launch_template.web.id, role_arn = aws_iam_role.forensics.arn }
}
`;

let ministack: Ministack;
let folder: string;
let root: TerraformRoot;

beforeAll(async () => {
  ministack = await startMinistack();
  folder = await mkdtemp(join(tmpdir(), "unknown-values-"));
  await writeFile(join(folder, "main.tf"), ROOT);
  root = await openRoot(folder, { env: ministack.env });
  await root.init();
});

afterAll(async () => {
  await root?.close();
  await ministack?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

it("plans the module incident-response beside what it is given, in one apply", async () => {
  const { json } = await root.plan();
  expect(only(resourcesOf(json), "aws_lambda_alias.live").name).toBe("live");
});
