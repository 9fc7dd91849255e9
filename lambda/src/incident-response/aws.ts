import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SNSClient } from "@aws-sdk/client-sns";

/** The services that steps call. */
export interface Aws {
  readonly autoScaling: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly sns: SNSClient;
}

/**
 * Clients of one region. Each makes a single attempt: what may be repeated, and for how long, is known to `watch` alone,
 * because a snapshot or an interrupt that the SDK repeats after a lost answer exists twice.
 */
export function connectAws(region: string): Aws {
  const config = {
    region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  };
  return {
    autoScaling: new AutoScalingClient(config),
    ec2: new EC2Client(config),
    kms: new KMSClient(config),
    lambda: new LambdaClient(config),
    loadBalancing: new ElasticLoadBalancingV2Client(config),
    // An endpoint of one's own seldom has a host name for each bucket.
    s3: new S3Client({ ...config, ...(process.env.AWS_ENDPOINT_URL === undefined ? {} : { forcePathStyle: true }) }),
    sfn: new SFNClient(config),
    sns: new SNSClient(config),
  };
}
