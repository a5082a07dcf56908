/** Requests that need no key, one of each route of both ports, to be sent again and again on one connection. */

/** The head of a request. */
export const head = (line, ...headers) => `${[line, 'Host: a', ...headers].join('\r\n')}\r\n\r\n`;
export const legacy = 'POST /face/livedetectpicture HTTP/1.1';
export const json = 'Content-Type: application/json';

export const pipelined = {
  'GET /v1/reference': head('GET /v1/reference HTTP/1.1'),
  'HEAD /v1/reference': head('HEAD /v1/reference HTTP/1.1'),
  'GET /v1/openapi.json': head('GET /v1/openapi.json HTTP/1.1'),
  'GET /v1/operating-points, no key': head('GET /v1/operating-points HTTP/1.1'),
  'POST /v1/liveness, no key': head('POST /v1/liveness HTTP/1.1', 'Content-Length: 0'),
  'POST /v1/liveness, no key, body': `${head('POST /v1/liveness HTTP/1.1', 'Content-Length: 5')}12345`,
  'GET /v1/none': head('GET /v1/none HTTP/1.1'),
  'OPTIONS /v1/liveness': head('OPTIONS /v1/liveness HTTP/1.1'),
  'legacy, no signature': `${head(legacy, json, 'Content-Length: 13')}{"appid":"1"}`,
  'legacy, no JSON': `${head(legacy, json, 'Content-Length: 2')}{"`,
  'legacy, chunks': `${head(legacy, json, 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`,
  'legacy, GET': head('GET /face/livedetectpicture HTTP/1.1'),
  'GET /none': head('GET /none HTTP/1.1'),
  'GET /%zz': head('GET /%zz HTTP/1.1'),
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'Expect: other': head('GET / HTTP/1.1', 'Expect: other'),
  'Expect: 100-continue': `${head(legacy, json, 'Content-Length: 2', 'Expect: 100-continue')}{}`,
  'admin GET /healthz': head('GET /healthz HTTP/1.1'),
  'admin GET /readyz': head('GET /readyz HTTP/1.1'),
  'admin GET /metrics': head('GET /metrics HTTP/1.1'),
  'admin GET /none': head('GET /none HTTP/1.1'),
};
