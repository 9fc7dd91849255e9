import { AwsError } from "./answer.ts";
import type { Refusal } from "./rule.ts";

/** Every call to S3 that says whose bucket it expects; what nobody expects is written into the stranger's bucket. */
export const refuseStrangersBucket: Refusal = async ({ params }, world) => {
  const owner = world.state.bucketOwners.get(params.Bucket ?? "");
  const expected = params["x-amz-expected-bucket-owner"];
  if (owner === undefined || expected === undefined || owner === expected) return;
  throw new AwsError("AccessDenied", "Access Denied");
};
