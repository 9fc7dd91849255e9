import type { Random } from "#test/soak/random.ts";

/** How a generated file differs from the usual one. */
export interface RecordOptions {
  /** Every record has another user agent, so that nothing learnt of one helps with the next. */
  readonly distinctUserAgents?: boolean;
}

const ACCOUNTS = ["111111111111", "222222222222", "333333333333", "444444444444"] as const;
const REGIONS = ["us-east-1", "eu-central-1", "eu-west-1", "ap-southeast-2"] as const;
const ROLES = ["web", "orders", "billing", "etl", "search", "audit", "backup", "deploy", "metrics", "images"] as const;
const USER_AGENTS = [
  "aws-sdk-java/2.25.60 Linux/5.10.217 OpenJDK_64-Bit_Server_VM/17.0.11+9-LTS Java/17.0.11 vendor/Amazon.com_Inc. md/internal exec-env/AWS_ECS_FARGATE io/sync http/Apache cfg/retry-mode/standard",
  "Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#5.10.219-229.866.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.3 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy Botocore/1.34.131",
  "aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22.4 md/GOOS#linux md/GOARCH#arm64 api/s3#1.56.1",
  "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.218 OpenJDK_64-Bit_Server_VM/25.412-b09 java/1.8.0_412]",
  "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 (+https://www.terraform.io) terraform-provider-aws/5.54.1 aws-sdk-go-v2/1.30.0",
] as const;

/** What a call looks like: its service, its name, how often it comes, and its parameters. */
interface Call {
  readonly source: string;
  readonly name: string;
  readonly weight: number;
  readonly readOnly: boolean;
  readonly isData?: boolean;
  readonly request: (made: Made) => unknown;
  readonly response?: (made: Made) => unknown;
}

/** Values of one record, made when they are asked for. */
interface Made {
  readonly account: string;
  readonly region: string;
  hex(digits: number): string;
  below(end: number): number;
}

const bucket = ({ account, region, below }: Made) => `data-${account}-${region}-${below(40)}`;
const object = (made: Made) => ({
  "X-Amz-Date": `20260611T0915${made.below(60)}Z`,
  bucketName: bucket(made),
  "x-amz-acl": "bucket-owner-full-control",
  Host: "data.s3.eu-central-1.amazonaws.com",
  "X-Amz-Expires": "300",
  key: `year=2026/month=06/day=11/part-${made.hex(8)}-${made.hex(12)}.snappy.parquet`,
});
const key = ({ region, account, below }: Made) =>
  `arn:aws:kms:${region}:${account}:key/0f5c1a7e-5a3b-4a51-9d0e-3f2f6c8a${String(1000 + below(60))}`;
const network = (made: Made) => ({
  networkInterfaceId: `eni-${made.hex(17)}`,
  subnetId: `subnet-0a1b2c3d4e5f6${made.below(8)}`,
  vpcId: "vpc-0a1b2c3d4e5f60718",
  privateIpAddress: `10.${made.below(4)}.${made.below(250)}.${made.below(250)}`,
  status: "in-use",
  macAddress: `0a:${made.hex(2)}:${made.hex(2)}:${made.hex(2)}:${made.hex(2)}:${made.hex(2)}`,
  groupSet: { items: [{ groupId: `sg-${made.hex(17)}`, groupName: 'web "blue"' }] },
  tagSet: {
    items: [
      { key: "Name", value: "web" },
      { key: "team", value: "orders" },
    ],
  },
});

const CALLS: readonly Call[] = [
  { source: "s3", name: "GetObject", weight: 300, readOnly: true, isData: true, request: object },
  { source: "s3", name: "PutObject", weight: 120, readOnly: false, isData: true, request: object },
  { source: "s3", name: "HeadObject", weight: 60, readOnly: true, isData: true, request: object },
  {
    source: "dynamodb",
    name: "GetItem",
    weight: 60,
    readOnly: true,
    isData: true,
    request: ({ below, hex }) => ({
      tableName: `orders-${below(9)}`,
      key: { id: hex(24) },
      consistentRead: below(2) === 1,
      returnConsumedCapacity: "TOTAL",
      projectionExpression: "id, #state, total, updatedAt",
      expressionAttributeNames: { "#state": "state" },
    }),
  },
  {
    source: "kms",
    name: "Decrypt",
    weight: 150,
    readOnly: true,
    request: (made) => ({
      encryptionContext: {
        "aws:s3:arn": `arn:aws:s3:::${bucket(made)}/part-${made.hex(8)}`,
        PARAMETER_ARN: `arn:aws:ssm:${made.region}:${made.account}:parameter/orders/prod/database`,
      },
      encryptionAlgorithm: "SYMMETRIC_DEFAULT",
      keyId: key(made),
    }),
  },
  {
    source: "sts",
    name: "AssumeRole",
    weight: 90,
    readOnly: true,
    request: ({ account, below, hex }) => ({
      roleArn: `arn:aws:iam::${account}:role/${ROLES[below(ROLES.length)]}`,
      roleSessionName: `session-${hex(16)}`,
      durationSeconds: 3600,
    }),
    response: ({ account, hex, below }) => ({
      credentials: {
        accessKeyId: `ASIA${hex(16).toUpperCase()}`,
        sessionToken: `IQoJb3JpZ2luX2VjE${hex(60)}`,
        expiration: `Jun 11, 2026, 10:15:${10 + below(50)} AM`,
      },
      assumedRoleUser: {
        assumedRoleId: `AROA${hex(17).toUpperCase()}:session`,
        arn: `arn:aws:sts::${account}:assumed-role/etl/session-${hex(8)}`,
      },
    }),
  },
  {
    source: "ec2",
    name: "DescribeInstances",
    weight: 70,
    readOnly: true,
    request: ({ hex }) => ({
      instancesSet: { items: [{ instanceId: `i-${hex(17)}` }] },
      filterSet: { items: [{ name: "tag:team", valueSet: { items: [{ value: "orders" }] } }] },
      maxResults: 1000,
    }),
  },
  {
    source: "ec2",
    name: "CreateNetworkInterface",
    weight: 25,
    readOnly: false,
    request: (made) => ({ subnetId: "subnet-0a1b2c3d4e5f60718", description: `AWS Lambda VPC ENI ${made.hex(32)}` }),
    response: (made) => ({
      requestId: made.hex(32),
      networkInterface: network(made),
      others: { items: Array.from({ length: made.below(20) }, () => network(made)) },
    }),
  },
  {
    source: "logs",
    name: "CreateLogStream",
    weight: 50,
    readOnly: false,
    request: ({ hex, below }) => ({
      logGroupName: `/aws/lambda/orders-${below(30)}`,
      logStreamName: `2026/06/11/[$LATEST]${hex(32)}`,
    }),
  },
  {
    source: "lambda",
    name: "Invoke",
    weight: 60,
    readOnly: false,
    isData: true,
    request: ({ account, region, below }) => ({
      functionName: `arn:aws:lambda:${region}:${account}:function:orders-${below(30)}`,
      invocationType: "RequestResponse",
      sourceArn: `arn:aws:apigateway:${region}::/restapis/a1b2c3d4e5/stages/prod`,
    }),
  },
  {
    source: "ssm",
    name: "GetParametersByPath",
    weight: 15,
    readOnly: true,
    request: ({ below }) => ({ path: `/orders/prod/${below(50)}`, recursive: true, withDecryption: true }),
  },
];
const TOTAL = CALLS.reduce((sum, { weight }) => sum + weight, 0);

/** Calls that default rules alert on; about one record in two hundred is one. */
const ALARMING: readonly Pick<Call, "source" | "name" | "request">[] = [
  { source: "cloudtrail", name: "StopLogging", request: () => ({ name: "organization-trail" }) },
  { source: "iam", name: "CreateUser", request: ({ below }) => ({ userName: `temporary-${below(100)}` }) },
  { source: "iam", name: "DeactivateMFADevice", request: ({ below }) => ({ userName: `user-${below(100)}` }) },
  { source: "kms", name: "ScheduleKeyDeletion", request: (made) => ({ keyId: key(made), pendingWindowInDays: 7 }) },
  { source: "ec2", name: "DeleteFlowLogs", request: ({ hex }) => ({ flowLogId: `fl-${hex(17)}` }) },
  { source: "guardduty", name: "DeleteDetector", request: ({ hex }) => ({ detectorId: hex(32) }) },
];
const ALARMING_SHARE = 0.005;
/** Calls refused for lack of permission, which are counted whatever the rules say. */
const REFUSED_SHARE = 0.001;

function callOf(random: Random): Omit<Call, "weight"> {
  let left = random.below(TOTAL);
  for (const call of CALLS) {
    left -= call.weight;
    if (left < 0) return call;
  }
  throw new Error("the weights do not add up");
}

/** The text of one record as CloudTrail writes it: median 1.8 KB, without white space. */
export function recordText(random: Random, index: number, { distinctUserAgents = false }: RecordOptions): string {
  const hex = (digits: number) => {
    let text = "";
    while (text.length < digits)
      text += random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return text.slice(0, digits);
  };
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;
  const [account, region, role] = [pick(ACCOUNTS), pick(REGIONS), pick(ROLES)];
  const made: Made = { account, region, hex, below: random.below };
  const isAlarming = random.happens(ALARMING_SHARE);
  const { source, name, readOnly, isData, request, response }: Omit<Call, "weight"> = isAlarming
    ? { ...pick(ALARMING), readOnly: false }
    : callOf(random);
  const seconds = Math.floor(index / 200) % 3600;
  const time = `2026-06-11T09:${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}Z`;
  const session = `${role}-${1 + random.below(200)}`;
  const agent = distinctUserAgents ? `${pick(USER_AGENTS)} run/${hex(16)}` : pick(USER_AGENTS);
  const isRefused = !isAlarming && random.happens(REFUSED_SHARE);
  return JSON.stringify({
    eventVersion: "1.11",
    userIdentity: {
      type: "AssumedRole",
      principalId: `AROAEXAMPLE${role.toUpperCase()}:${session}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
      accountId: account,
      accessKeyId: `ASIA${hex(16).toUpperCase()}`,
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: `AROAEXAMPLE${role.toUpperCase()}`,
          arn: `arn:aws:iam::${account}:role/${role}`,
          accountId: account,
          userName: role,
        },
        attributes: { creationDate: "2026-06-11T08:47:02Z", mfaAuthenticated: "false" },
      },
    },
    eventTime: time,
    eventSource: `${source}.amazonaws.com`,
    eventName: name,
    awsRegion: region,
    sourceIPAddress: `198.51.100.${random.below(250)}`,
    userAgent: agent,
    ...(isRefused
      ? { errorCode: "AccessDenied", errorMessage: `User is not authorized to perform: ${source}:${name}` }
      : {}),
    requestParameters: request(made),
    responseElements: isRefused ? null : (response?.(made) ?? null),
    additionalEventData: isData
      ? {
          SignatureVersion: "SigV4",
          CipherSuite: "TLS_AES_128_GCM_SHA256",
          bytesTransferredIn: 0,
          AuthenticationMethod: "AuthHeader",
          "x-amz-id-2": `${hex(76)}=`,
          bytesTransferredOut: random.below(1_000_000),
        }
      : { keyProvider: "managed" },
    requestID: uuid(),
    eventID: uuid(),
    readOnly,
    resources: [
      { type: "AWS::S3::Object", ARNPrefix: `arn:aws:s3:::data-${account}-${region}/` },
      { accountId: account, type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::data-${account}-${region}` },
    ],
    eventType: "AwsApiCall",
    managementEvent: isData !== true,
    recipientAccountId: account,
    vpcEndpointId: "vpce-0a1b2c3d4e5f60718",
    eventCategory: isData === true ? "Data" : "Management",
    tlsDetails: {
      tlsVersion: "TLSv1.3",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      clientProvidedHostHeader: `${source}.${region}.amazonaws.com`,
    },
  });
}
