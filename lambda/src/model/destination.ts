/** Where news goes. Secrets are named, never held; `name` is what people are told of it, such as `default`. */
export type Destination =
  | { readonly kind: "slack_webhook"; readonly name: string; readonly hookParameter: string }
  | { readonly kind: "slack_app"; readonly name: string; readonly channelId: string; readonly tokenParameter: string }
  | { readonly kind: "sns"; readonly name: string; readonly topicArn: string };

/** The destination of some accounts. */
export interface Route {
  readonly accounts: readonly string[];
  readonly destination: Destination;
}

/** The first route that names the account, else the default, else nowhere. */
export interface RouteTable {
  readonly routes: readonly Route[];
  readonly default?: Destination | undefined;
}

/** Whom to tell, and who is told instead when that destination is dead. */
export interface Target {
  readonly destination: Destination;
  readonly fallback?: Destination | undefined;
}

/** How an attempt to tell ended. `reason` names the answer, never a secret. */
export type Delivery =
  /** `degraded`: why it was told as plain text only. */
  | { readonly kind: "delivered"; readonly degraded?: string }
  /** Not posted; may be tried again after the wait. */
  | { readonly kind: "throttled"; readonly retryAfterSeconds: number; readonly reason: string }
  /** May or may not have been posted: no answer, or an answer of a failing server. */
  | { readonly kind: "ambiguous"; readonly reason: string }
  /** The message itself was refused. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The destination does not exist any more, or may not be used. */
  | { readonly kind: "dead"; readonly reason: string };
