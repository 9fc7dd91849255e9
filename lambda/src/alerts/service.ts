/** What people call services whose names in records are others. */
const NAMES: Readonly<Record<string, string>> = {
  account: "Account Management",
  acm: "Certificate Manager",
  apigateway: "API Gateway",
  autoscaling: "Auto Scaling",
  backup: "AWS Backup",
  bedrock: "Bedrock",
  ce: "Cost Explorer",
  cloudformation: "CloudFormation",
  cloudfront: "CloudFront",
  cloudtrail: "CloudTrail",
  codebuild: "CodeBuild",
  config: "AWS Config",
  "cognito-idp": "Cognito",
  detective: "Detective",
  dynamodb: "DynamoDB",
  "ec2-instance-connect": "EC2 Instance Connect",
  elasticfilesystem: "EFS",
  elasticloadbalancing: "Load Balancing",
  events: "EventBridge",
  guardduty: "GuardDuty",
  "access-analyzer": "Access Analyzer",
  health: "AWS Health",
  inspector2: "Inspector",
  lambda: "Lambda",
  logs: "CloudWatch Logs",
  macie2: "Macie",
  monitoring: "CloudWatch",
  organizations: "Organizations",
  route53: "Route 53",
  route53domains: "Route 53 Domains",
  route53resolver: "Route 53 Resolver",
  rolesanywhere: "Roles Anywhere",
  s3express: "S3 Express",
  secretsmanager: "Secrets Manager",
  securityhub: "Security Hub",
  servicequotas: "Service Quotas",
  signin: "Sign-in",
  sso: "Identity Center",
  "sso-directory": "Identity Center directory",
  "sso-oauth": "Identity Center",
  identitystore: "Identity Store",
  ssm: "Systems Manager",
  states: "Step Functions",
  wafv2: "WAF",
};

/** Names that are abbreviations. */
const ABBREVIATIONS = /^(ec2|ecr|ecs|eks|iam|kms|rds|s3|ses|sns|sqs|sts|waf|ebs|emr|ram|dms)$/;

/** A service in words: `s3.amazonaws.com` is S3. */
export function serviceInWords(eventSource: string): string {
  const name = serviceOf(eventSource);
  if (Object.hasOwn(NAMES, name)) return NAMES[name] ?? name;
  return ABBREVIATIONS.test(name) ? name.toUpperCase() : name;
}

/** `iam` of `iam.amazonaws.com` (and of `iam.amazonaws.com.cn`). */
export function serviceOf(eventSource: string): string {
  return eventSource.replace(/\.(amazonaws\.com(\.cn)?|aws\.internal)$/, "");
}

/** Whether a caller or an address is a service of AWS. */
export function isService(name: string): boolean {
  return /^[a-z0-9.-]{1,80}\.(amazonaws\.com(\.cn)?|aws\.internal)$/.test(name);
}

/** The API version that some services append to the name of a call: `CreateFunction20150331v2`. */
const API_VERSION = /(?<=[a-z])(\d{8}|\d{4}_\d{2}_\d{2})(v\d+)?$/;

/** The name of a call without the version of its API. */
export function bareCall(eventName: string): string {
  return eventName.replace(API_VERSION, "");
}
