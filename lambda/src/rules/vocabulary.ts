import type { Fields, Vocabulary } from "#expression/vocabulary.ts";

const IDENTITY: Fields = {
  type: null,
  userName: null,
  principalId: null,
  arn: null,
  accountId: null,
  accessKeyId: null,
  credentialId: null,
  identityProvider: null,
  invokedBy: null,
  inScopeOf: { sourceArn: null, sourceAccount: null, issuerType: null, credentialsIssuedTo: null },
  onBehalfOf: { userId: null, identityStoreArn: null },
  sessionContext: {
    assumedRoot: null,
    attributes: { creationDate: null, mfaAuthenticated: null },
    ec2IssuedInVpc: null,
    ec2RoleDelivery: null,
    sessionIssuer: { type: null, userName: null, principalId: null, arn: null, accountId: null },
    sourceIdentity: null,
    webIdFederationData: { federatedProvider: null, attributes: null },
  },
};

/**
 * The fields of a record, of events of every category, and the two names that rules see beside them.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
const RECORD: Fields = {
  eventVersion: null,
  userIdentity: IDENTITY,
  eventTime: null,
  eventSource: null,
  eventName: null,
  awsRegion: null,
  sourceIPAddress: null,
  userAgent: null,
  errorCode: null,
  errorMessage: null,
  requestParameters: null,
  responseElements: null,
  additionalEventData: null,
  requestID: null,
  eventID: null,
  eventType: null,
  apiVersion: null,
  managementEvent: null,
  readOnly: null,
  resources: null,
  recipientAccountId: null,
  serviceEventDetails: null,
  sharedEventID: null,
  vpcEndpointId: null,
  vpcEndpointAccountId: null,
  eventCategory: null,
  addendum: { reason: null, updatedFields: null, originalRequestID: null, originalEventID: null },
  sessionCredentialFromConsole: null,
  eventContext: { requestContext: null, tagContext: null },
  edgeDeviceDetails: null,
  tlsDetails: { tlsVersion: null, cipherSuite: null, clientProvidedHostHeader: null, keyExchange: null },
  insightDetails: null,
};

/** What rules may be asked about: CloudTrail's fields, `event` with all of them again, and `config`. */
export const VOCABULARY: Vocabulary = {
  fields: { ...RECORD, event: RECORD, config: null },
  source: "CloudTrail",
  everything: "event",
  present: ["event", "config"],
  // EC2 and others write the lists of their XML as `{"items": […]}`.
  listNames: ["items", "resources"],
  // Parameters come as the service's own protocol has them, which for many services knows only texts.
  textBooleans: ["requestParameters", "responseElements", "additionalEventData", "userIdentity.sessionContext"],
  textBooleanNames: ["mfaAuthenticated", "sessionCredentialFromConsole"],
  booleans: ["readOnly", "managementEvent"],
};
