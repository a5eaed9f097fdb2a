// A stand-in for Lambda's runtime interface client where that cannot be built: the runtime API's loop over node:http,
// for one streaming handler. JavaScript, so that a cold start is not charged with stripping types.

const { Agent, request } = process.getBuiltinModule('node:http');

const preludes = new WeakMap();
globalThis.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(stream, prelude) {
      stream.setHeader('content-type', 'application/vnd.awslambda.http-integration-response');
      preludes.set(stream, `${JSON.stringify(prelude)}${'\0'.repeat(8)}`);
      return stream;
    },
  },
};

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const [module, name] = process.env._HANDLER.split('.');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const { [name]: handler } = await import(`file://${process.env.LAMBDA_TASK_ROOT}/${module}.mjs`);

for (;;) {
  const { id, deadlineMs, event } = await next();
  await respond(id, async (stream) => {
    const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadlineMs - Date.now() };
    await handler(event, stream, context);
  });
}

function next() {
  return new Promise((resolve, reject) => {
    const path = '/2018-06-01/runtime/invocation/next';
    const outgoing = request({ hostname, port, path, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        const { 'lambda-runtime-aws-request-id': id, 'lambda-runtime-deadline-ms': deadline } =
          response.headers;
        resolve({ id, deadlineMs: Number(deadline), event: JSON.parse(body) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function respond(id, run) {
  return new Promise((resolve, reject) => {
    const path = `/2018-06-01/runtime/invocation/${id}/response`;
    const headers = { 'lambda-runtime-function-response-mode': 'streaming' };
    const stream = request({ hostname, port, path, agent, method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    const { write } = stream;
    stream.write = (...chunk) => {
      stream.write = write;
      stream.write(preludes.get(stream) ?? '');
      return stream.write(...chunk);
    };
    stream.on('error', reject);
    run(stream).catch(reject);
  });
}
