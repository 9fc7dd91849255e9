import { type CloudTrailRecord, textAt } from "#model/record.ts";
import { serviceOf } from "./service.ts";
import { type Fields, fieldsOf, objectsOf, requestOf, scalarOf } from "./values.ts";

/** What a call was about. */
export interface Resource {
  /** Such as `security group`. */
  readonly kind: string;
  readonly name: string;
  /** As the request has it: a name or an ARN. */
  readonly given: string;
  /** The name of the parameter that it stands in. */
  readonly key: string;
  /** What names of calls call it, such as `securitygroup`. */
  readonly inCalls: string;
  /** Its page of the console, as `consoleUrl` takes it. */
  readonly page: string | undefined;
}

/** A kind of resource of one service: where its name stands in the request, and its page. */
interface Kind {
  readonly kind: string;
  /** The names of the parameter; the first that is there counts. */
  readonly keys: readonly string[];
  /** @param id encoded for an address */
  readonly page?: (id: string) => string | undefined;
  /** What names of calls call it, where that is something else. */
  readonly inCalls?: string;
  /** The part of the parameter that the page is called by. */
  readonly short?: (name: string) => string;
  /** The part that people call it by, where that is another one. */
  readonly inWords?: (name: string) => string;
}

const lastOfArn = (name: string) => (name.startsWith("arn:") ? name.slice(name.search(/[:/][^:/]*$/) + 1) : name);

/** By service, the most telling first: who changes the policy of a role is told the role. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  cloudtrail: [
    { kind: "trail", keys: ["name", "trailName"], page: () => "cloudtrailv2/home#/trails", short: lastOfArn },
  ],
  dynamodb: [
    { kind: "table", keys: ["tableName"], page: (id) => `dynamodbv2/home#table?name=${id}`, short: lastOfArn },
  ],
  ec2: [
    { kind: "snapshot", keys: ["snapshotId"], page: (id) => `ec2/home#SnapshotDetails:snapshotId=${id}` },
    { kind: "image", keys: ["imageId"], page: (id) => `ec2/home#ImageDetails:imageId=${id}` },
    { kind: "volume", keys: ["volumeId"], page: (id) => `ec2/home#VolumeDetails:volumeId=${id}` },
    {
      kind: "network ACL",
      keys: ["networkAclId"],
      page: (id) => `vpcconsole/home#NetworkAclDetails:networkAclId=${id}`,
    },
    { kind: "subnet", keys: ["subnetId"], page: (id) => `vpcconsole/home#SubnetDetails:subnetId=${id}` },
    { kind: "VPC", keys: ["vpcId"], page: (id) => `vpcconsole/home#VpcDetails:VpcId=${id}` },
    { kind: "key pair", keys: ["keyName"] },
  ],
  guardduty: [{ kind: "detector", keys: ["detectorId"], page: () => "guardduty/home#/settings" }],
  iam: [
    { kind: "role", keys: ["roleName"], page: (id) => `iam/home#/roles/details/${id}` },
    { kind: "user", keys: ["userName"], page: (id) => `iam/home#/users/details/${id}` },
    { kind: "group", keys: ["groupName"], page: (id) => `iam/home#/groups/details/${id}` },
    { kind: "policy", keys: ["policyArn"], page: (id) => `iam/home#/policies/details/${id}`, inWords: lastOfArn },
    { kind: "policy", keys: ["policyName"] },
    { kind: "instance profile", keys: ["instanceProfileName"] },
  ],
  kms: [{ kind: "key", keys: ["keyId", "targetKeyId"], page: (id) => `kms/home#/kms/keys/${id}`, short: lastOfArn }],
  lambda: [
    { kind: "function", keys: ["functionName"], page: (id) => `lambda/home#/functions/${id}`, short: functionName },
  ],
  logs: [
    {
      kind: "log group",
      keys: ["logGroupName"],
      // The console wants it encoded twice, with $ for %.
      page: (id) => `cloudwatch/home#logsV2:log-groups/log-group/${encodeURIComponent(id).replaceAll("%", "$")}`,
    },
  ],
  rds: [
    {
      kind: "database",
      inCalls: "dbinstance",
      keys: ["dBInstanceIdentifier"],
      page: (id) => `rds/home#database:id=${id};is-cluster=false`,
    },
    {
      kind: "cluster",
      inCalls: "dbcluster",
      keys: ["dBClusterIdentifier"],
      page: (id) => `rds/home#database:id=${id};is-cluster=true`,
    },
    { kind: "snapshot", keys: ["dBSnapshotIdentifier", "dBClusterSnapshotIdentifier"] },
  ],
  s3: [{ kind: "bucket", keys: ["bucketName"], page: (id) => `s3/buckets/${id}` }],
  secretsmanager: [
    { kind: "secret", keys: ["secretId"], page: (id) => `secretsmanager/secret?name=${id}`, short: secretName },
  ],
  sns: [{ kind: "topic", keys: ["topicArn"], page: (id) => `sns/v3/home#/topic/${id}` }],
  sqs: [{ kind: "queue", keys: ["queueUrl", "queueName"], page: (id) => `sqs/v3/home#/queues/${id}` }],
  ssm: [{ kind: "parameter", keys: ["name"] }],
  cloudformation: [{ kind: "stack", keys: ["stackName"] }],
  ecr: [{ kind: "repository", keys: ["repositoryName"] }],
  eks: [{ kind: "cluster", keys: ["name", "clusterName"] }],
  ecs: [{ kind: "cluster", keys: ["cluster", "clusterName"] }],
  events: [{ kind: "rule", keys: ["name"] }],
  elasticfilesystem: [{ kind: "file system", keys: ["fileSystemId"] }],
  organizations: [
    { kind: "account", keys: ["accountId"] },
    { kind: "policy", keys: ["policyId"] },
  ],
};
const INSTANCE: Kind = {
  kind: "instance",
  keys: ["instanceId"],
  page: (id) => `ec2/home#InstanceDetails:instanceId=${id}`,
};
const DOCUMENT: Kind = { kind: "document", keys: ["documentName", "name"] };
const GROUP: Kind = {
  kind: "security group",
  // By its name only in a default VPC.
  keys: ["groupId", "groupName"],
  page: (id) => (id.startsWith("sg-") ? `ec2/home#SecurityGroup:groupId=${id}` : undefined),
};

/** Longer names are none; ARNs have at most 2,048 characters, those of resources are far shorter. */
const MAX_NAME = 512;

/** What a call was about, as far as its parameters tell it; undefined for a call that is about nothing in particular. */
export function resourceOf(record: CloudTrailRecord): Resource | undefined {
  const source = serviceOf(textAt(record, "eventSource") ?? "");
  const request = requestOf(record);
  if (source === "ssm" && /Document|Command/.test(String(record.eventName))) return named([DOCUMENT], request);
  return source === "ec2" ? ofEc2(record, request) : named(Object.hasOwn(KINDS, source) ? KINDS[source] : [], request);
}

/** An instance that is made has no id before the response, and stands in lists. */
function ofEc2(record: CloudTrailRecord, request: Fields): Resource | undefined {
  const response = fieldsOf(record.responseElements);
  const places = [request, ...objectsOf(request.instancesSet), ...objectsOf(response.instancesSet)];
  const made = record.eventName === "CreateSecurityGroup" ? [response] : [];
  const groups = /SecurityGroup/.test(String(record.eventName)) ? [...made, request] : [];
  const found = [
    ...(record.eventName === "RunInstances" ? [] : [request]).map((fields) => named(KINDS.ec2?.slice(0, 3), fields)),
    ...groups.map((fields) => named([GROUP], fields)),
    // What RunInstances is asked for are images; what it makes is what matters.
    ...(record.eventName === "RunInstances" ? places.slice(1).reverse() : places).map((fields) =>
      named([INSTANCE], fields),
    ),
    ...objectsOf(request.resourcesSet).map(ofTagged),
    ...(record.eventName === "RunInstances" ? [] : [named(KINDS.ec2, request)]),
  ];
  return found.find((resource) => resource !== undefined);
}

function ofTagged({ resourceId }: Fields): Resource | undefined {
  if (typeof resourceId !== "string") return undefined;
  const kind: Kind | undefined = resourceId.startsWith("i-")
    ? INSTANCE
    : resourceId.startsWith("sg-")
      ? GROUP
      : undefined;
  const key = "resourceId";
  return named([{ ...(kind ?? { kind: "resource" }), keys: [key] }], { [key]: resourceId });
}

function named(kinds: readonly Kind[] = [], fields: Fields): Resource | undefined {
  const whole = (name: string) => name;
  for (const { kind, keys, page, short = whole, inWords = short, inCalls = kind } of kinds) {
    const key = keys.find((each) => scalarOf(fields[each]) !== undefined);
    const given = key && scalarOf(fields[key]);
    if (key === undefined || given === undefined || given.length > MAX_NAME) continue;
    return {
      kind,
      name: inWords(given),
      given,
      key,
      inCalls: inCalls.replaceAll(" ", "").toLowerCase(),
      page: page?.(encodeURIComponent(short(given).toWellFormed())),
    };
  }
  return undefined;
}

/** Of `arn:aws:lambda:…:function:name:alias`, or the same without its beginning, also `name:alias`. */
function functionName(name: string): string {
  return /^(?:.*:function:)?([^:]+)/.exec(name)?.[1] ?? name;
}

/** The ARN of a secret ends with six characters that are not in its name. */
function secretName(name: string): string {
  return /:secret:(.+)-[A-Za-z0-9]{6}$/.exec(name)?.[1] ?? name;
}
