/** What the parts of the sandbox say to each other. Nothing here runs. */

import type { PolicyDocument } from './policy/document.ts';

/** Milliseconds since the epoch. The sandbox's clock is the real one plus what was advanced. */
export interface Clock {
  now(): number;
}

/** Who signed a request, as IAM knows them. */
export interface Caller {
  readonly type: 'Account' | 'User' | 'AssumedRole';
  readonly accountId: string;
  /** What GetCallerIdentity answers: the user's ARN, or `arn:aws:sts::…:assumed-role/<role>/<session>`. */
  readonly arn: string;
  /** `aws:PrincipalArn`: the user's ARN, or the ROLE's ARN (with its path), never the session's. */
  readonly principalArn: string;
  /** `aws:userid`: `AIDA…`, `AROA…:<session>`, or the account id. */
  readonly userId: string;
  readonly accessKeyId: string;
  /** `aws:username`, users only. */
  readonly username?: string;
  readonly session?: Session;
}

/** What temporary credentials carry beside their principal. */
export interface Session {
  readonly name: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly sourceIdentity?: string;
  readonly policies: readonly PolicyDocument[];
  readonly tags: Readonly<Record<string, string>>;
  /** The access key id of whoever assumed the role: what leads from a chained session back to its Lambda. */
  readonly assumedWith?: string;
  /** Keys of the tags that a role assumed from this session inherits. */
  readonly transitiveTagKeys?: readonly string[];
}

/** One signed, verified request to one service. */
export interface ServiceRequest {
  readonly id: string;
  readonly method: string;
  /** As sent: still percent-encoded. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** Names in lower case; a repeated header is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sourceIp: string;
  /** From the credential scope. */
  readonly region: string;
  readonly caller: Caller;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Filled by `authorize`, one entry per question, and read by the call log. */
  readonly decisions: { readonly action: string; readonly resource: string; readonly allowed: boolean }[];
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string | AsyncIterable<Uint8Array>;
}

/** One AWS service, as the front sees it. Service errors are answered in the service's own protocol, never thrown. */
export interface Service {
  /** The service names in credential scopes that lead here: `iam`, `sts`, `sagemaker`, `dynamodb`, `s3`, `execute-api`, `events`, `sns`. */
  readonly scopes: readonly string[];
  /** The AWS operation a request asks for, such as `CreateRole`; undefined when it is none. Pure. */
  operationOf(request: UnsignedRequest): string | undefined;
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** An error in the service's own protocol, for what the front refuses: signatures, injected faults. */
  error(error: AwsError, requestId: string): ServiceResponse;
}

/** What is known of a request before its signature is checked. */
export type UnsignedRequest = Pick<ServiceRequest, 'method' | 'path' | 'query' | 'headers' | 'body'>;

export interface AwsError {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

/** One question to IAM. */
export interface AccessQuestion {
  readonly request: ServiceRequest;
  /** `sagemaker:InvokeEndpoint` */
  readonly action: string;
  /** The resource's ARN, or `*` where the action has none. */
  readonly resource: string;
  /** The account that owns the resource; the caller's own when absent. */
  readonly resourceAccountId?: string;
  /** A policy on the resource itself (API Gateway, S3, role trust). */
  readonly resourcePolicy?: PolicyDocument;
  /** Condition keys of this request beyond the global ones, e.g. `sagemaker:TargetModel`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export type AccessAnswer =
  | { readonly allowed: true }
  /** `message` is AWS's wording: `User: … is not authorized to perform: … on resource: … because …`. */
  | { readonly allowed: false; readonly explicit: boolean; readonly message: string };

/** Answers from the caller's policies as they are visible now (IAM lag included). The front learns the answer through `request.decisions`. */
export type Authorize = (question: AccessQuestion) => AccessAnswer;

/** A line of `GET /_sandbox/calls`. Never a secret, a payload or an external id. */
export interface CallRecord {
  readonly id: string;
  readonly at: string;
  readonly service: string;
  readonly operation: string;
  readonly accountId: string;
  readonly principalArn: string;
  /** Of a session that was given one, as CloudTrail shows it. */
  readonly sourceIdentity?: string;
  /** Set when the call was made by a Lambda of the sandbox. */
  readonly functionName?: string;
  /** What IAM was asked for it, `iam:CreateRole`. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly decision: 'allowed' | 'denied' | 'not-evaluated';
  readonly status: number;
  readonly errorCode?: string;
  readonly fault?: string;
}

/** `POST /_sandbox/faults`: what happens at the nth matching call from now. `*` matches any service, any operation. */
export interface Fault {
  readonly service: string;
  readonly operation: string;
  /** 1 is the next matching call. */
  readonly nth: number;
  /** `throttle`, `error`: refused before any effect. `timeout`: never answered, no effect. `lost-reply`: done, then the socket is cut. `crash`: done, then the Lambda that called is killed. */
  readonly fault: 'throttle' | 'error' | 'timeout' | 'lost-reply' | 'crash';
}

/** Keys as STS and IAM hand them out. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials only. */
  readonly sessionToken?: string;
  /** Milliseconds since the epoch; temporary credentials only. */
  readonly expiresAt?: number;
}

/** What an access key id leads to. The front needs it to verify a signature. */
export interface KeyRecord {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiresAt?: number;
  readonly caller: Caller;
}

export interface RoleSeed {
  readonly name: string;
  /** `/` unless given. */
  readonly path?: string;
  readonly trust: PolicyDocument;
  /** Inline policies by name. */
  readonly inline?: Readonly<Record<string, PolicyDocument>>;
  readonly managedPolicyArns?: readonly string[];
  readonly boundaryArn?: string;
  readonly maxSessionSeconds?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** IAM and STS of all accounts (`sandbox/iam/iam.ts`: `createIam({ clock })`), as the rest of the sandbox sees them. */
export interface Iam {
  readonly iamService: Service;
  readonly stsService: Service;
  readonly authorize: Authorize;
  /** Undefined: there is no such key, or it is not visible yet. */
  findKey(accessKeyId: string): KeyRecord | undefined;
  /** Quotas are AWS's defaults unless given: 1,000 roles, trust policies of 2,048 characters. */
  addAccount(
    accountId: string,
    options?: { readonly orgId?: string; readonly rolesQuota?: number; readonly trustCharsMax?: number },
  ): void;
  /** What was there before the story begins is visible at once, whatever the lag. */
  seedUser(
    accountId: string,
    user: {
      readonly name: string;
      readonly credentials: Credentials;
      readonly managedPolicyArns?: readonly string[];
    },
  ): void;
  seedRole(accountId: string, role: RoleSeed): { readonly arn: string; readonly id: string };
  seedManagedPolicy(
    accountId: string,
    policy: { readonly name: string; readonly path?: string; readonly document: PolicyDocument },
  ): string;
  /** What the Lambda service does for an execution role; its trust must admit `lambda.amazonaws.com`. */
  serviceSession(roleArn: string, sessionName: string, seconds: number): Credentials;
  /** IAM changes become visible to authorization this much later. */
  setLag(seconds: number): void;
  /** IAM changes are read this much later through the IAM API (`Get…`, `List…`); writes know of them at once. */
  setReadLag(seconds: number): void;
  /** A role's "last used" is told this much later; 0 unless set. */
  setLastUsedLag(seconds: number): void;
}

/** One row of the control API: `POST /_sandbox/clock` → `'POST /clock'`. Throw a ControlError for wrong input. */
export type ControlRoutes = Readonly<Record<string, (call: ControlCall) => unknown | Promise<unknown>>>;

export interface ControlCall {
  /** `{name}` parts of the route. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; `{}` when there was none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The front (`sandbox/front/front.ts`: `createFront(options)`): verifies, routes, injects faults, keeps the call log. */
export interface FrontOptions {
  readonly clock: Clock;
  readonly iam: Pick<Iam, 'findKey'>;
  readonly services: readonly Service[];
  readonly control: ControlRoutes;
  /** The name of the Lambda that holds these temporary credentials, for the call log. */
  readonly functionOf?: (accessKeyId: string) => string | undefined;
  /** The `crash` fault: kill the Lambda that holds these credentials, now. */
  readonly crashFunction?: (accessKeyId: string) => void;
}

export interface Front {
  /** Oldest first; bounded. */
  readonly calls: readonly CallRecord[];
  addFault(fault: Fault): void;
  clearFaults(): void;
  /** In process, no socket: what an HTTP request would be answered. */
  handle(
    request: UnsignedRequest & { readonly sourceIp?: string; readonly signal?: AbortSignal },
  ): Promise<ServiceResponse>;
  listen(port: number): Promise<{ readonly port: number; close(): Promise<void> }>;
}
