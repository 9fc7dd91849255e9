import { GetBucketPolicyCommand, PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { GetTopicAttributesCommand, SetTopicAttributesCommand, SNSClient } from "@aws-sdk/client-sns";
import { clientConfig } from "./deployment.ts";
import type { Ministack } from "./ministack.ts";

/** Statements that deny everything there: it speaks no TLS, and does not tell policies which key a write names. */
const NOT_THERE = ["DenyWithoutTls", "DenyOtherEncryption"];

/** The policy without those statements. It must keep one, so what denies nobody anything may take their place. */
function without(policy: string): string {
  const document: { readonly Statement: readonly { readonly Sid: string }[] } = JSON.parse(policy);
  const kept = document.Statement.filter(({ Sid }) => !NOT_THERE.includes(Sid));
  const [removed] = document.Statement.filter(({ Sid }) => NOT_THERE.includes(Sid));
  if (removed === undefined) throw new Error(`the policy has no statement ${NOT_THERE.join(" or ")}: ${policy}`);
  const harmless = { ...removed, Sid: "MinistackOnly", Condition: { Bool: { "aws:PrincipalIsAWSService": "true" } } };
  return JSON.stringify({ ...document, Statement: kept.length > 0 ? kept : [harmless] });
}

/**
 * Takes from the policies of the evidence bucket and its topic what the emulator cannot fulfil, from outside; everything
 * else stays as the module made it. Afterwards a plan is not empty.
 */
export async function adaptPolicies(ministack: Ministack, bucket: string, topicArn: string): Promise<void> {
  const s3 = new S3Client(clientConfig(ministack));
  const { Policy = "" } = await s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: without(Policy) }));
  const sns = new SNSClient(clientConfig(ministack));
  const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
  const AttributeValue = without(Attributes.Policy ?? "");
  await sns.send(new SetTopicAttributesCommand({ TopicArn: topicArn, AttributeName: "Policy", AttributeValue }));
}
