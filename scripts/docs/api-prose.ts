/** What docs/api.md says beside its tables. */

import { relayRoutes } from '../../lib/contract/operations.ts';

export const intro = `# API

<!-- Made from lib/contract by \`npm run docs\`. -->

Two REST APIs, one in each account. \`npm run deploy\` prints their addresses, stage included; paths below follow them. The same as OpenAPI 3.1: [openapi.json](openapi.json). In TypeScript, \`lib/client\` has a method for every operation.

**Signing.** Every request carries AWS Signature Version 4 for service \`execute-api\`. Callers of the API's own account need \`execute-api:Invoke\` in an IAM policy. Other accounts reach \`GET /offers/{grantId}\` of the parent, and nothing else.

**Bodies** are JSON, at most 64 KB. In the tables, a star marks what must be given. A field that an operation does not know is refused. Times are ISO 8601; any zone is taken, UTC is answered.

**Problems** are \`application/problem+json\` with a \`code\` for programs and a \`remedy\` for people; [errors.md](errors.md) lists them.

**Changes** that meet each other: a grant's \`ETag\` goes into \`If-Match\`, so that nobody overwrites what they have not seen.

**Pages.** Lists answer \`{ "items": […], "nextCursor": "…" }\`. The cursor leads to the next page of the same query, and is absent on the last.

**Time.** What IAM takes long for goes on in the background: \`202\`, and \`pending\` in the grant, until it is proven. Nothing has to be asked twice.`;

const { sync, stream, async, asyncUpload, asyncResult } = relayRoutes;
const route = ({ method, path }: { readonly method: string; readonly path: string }) =>
  `\`${method} ${path}\``;

export const relaySection = `### invoke

| | |
|---|---|
| ${route(sync)} | a prediction in one piece |
| ${route(stream)} | a prediction as it comes |
| ${route(async)} | \`202\` at once, the result later |
| ${route(asyncUpload)} | an address to which asynchronous input may be uploaded |
| ${route(asyncResult)} | its result |

SageMaker Runtime's own protocol, header for header and byte for byte, with the alias where SageMaker has the endpoint's name: any SageMaker client works with the child's API as its endpoint, if it signs for service \`execute-api\`. For callers of the child's account whose policies allow it.

Bodies are opaque, up to 4.5 MB; a larger one gets \`413\`, and can be uploaded for mode \`async\` or sent to the endpoint directly (\`sharemaker credential-process\`). \`Server-Timing\` says what the relay added, \`x-sharemaker-attempts\` how often SageMaker was asked: more than once only where the model certainly had not run.

A stream is SageMaker's event stream; with \`Accept: text/event-stream\` it is server-sent events, closed by an event \`done\` or \`error\`.

For asynchronous input, the upload route answers \`201\` with \`{ method, uploadUrl, expiresAt, inputLocation }\`: put the bytes to \`uploadUrl\`, then invoke with \`X-Amzn-SageMaker-InputLocation\` set to \`inputLocation\`. The result route answers \`202\` while the model runs, then the result as the model gave it, or \`424\` with the failure. Results are found for seven days.

Errors are in SageMaker's own shape: \`{"Message": "…"}\`, the type in \`x-amzn-errortype\`.

\`\`\`http
POST /endpoints/iris/invocations
Content-Type: text/csv
Accept: text/csv

5.1,3.5,1.4,0.2
\`\`\`

\`200\`

\`\`\`
setosa
\`\`\``;
