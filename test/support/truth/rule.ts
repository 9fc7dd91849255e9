import type { Answer } from "./answer.ts";
import type { AwsRequest } from "./request.ts";
import type { World } from "./world.ts";
import type { Element } from "./xml.ts";

/** Hands a call to moto as it is. */
export type Forward = (request: AwsRequest) => Promise<Answer>;

/** Lets a call pass or refuses it as AWS does. @throws AwsError */
export type Refusal = (request: AwsRequest, world: World) => Promise<void>;

/** Does a call in moto's place, or with its help. @throws AwsError where AWS would refuse it */
export type Handler = (request: AwsRequest, world: World, forward: Forward) => Promise<Answer>;

/** Changes a successful answer of moto to what AWS would say, or does what else AWS would do. */
export type Correction = (answer: Element, request: AwsRequest, world: World) => void | Promise<void>;

/** By the name of the action. */
export type Table<Rule> = Readonly<Record<string, Rule>>;
