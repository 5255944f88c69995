/**
 * The floor, which no gateway on Node.js can beat: Fastify and undici pass the bytes on, unsigned and unread, with one
 * log line per request. Its clients send DynamoDB's own requests, `x-amz-target` included.
 */
import Fastify, { type FastifyReply, LogController } from 'fastify'
import { Agent, type Dispatcher } from 'undici'

const origin = process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? ''
const agent = new Agent({ connections: 128, headersTimeout: 0, bodyTimeout: 0 })
const app = Fastify({
  logger: { level: 'info' },
  bodyLimit: 16_777_216,
  logController: new LogController({ disableRequestLogging: true }),
})
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body)
})
app.addHook('onResponse', async (request, reply) => {
  const { method, url } = request
  const { statusCode, elapsedTime: responseTime } = reply
  request.log.info({ method, url, statusCode, responseTime }, 'request completed')
})

app.post<{ Body: Buffer }>('/*', (request, reply) => {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': request.headers['x-amz-target'] ?? '',
  }
  agent.dispatch({ origin, path: '/', method: 'POST', headers, body: request.body }, new PassOn(reply))
})

class PassOn implements Dispatcher.DispatchHandler {
  readonly #reply: FastifyReply
  readonly #chunks: Buffer[] = []
  #status = 0

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  // undici recognizes the current handler interface by this method.
  onRequestStart(): void {
    return
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    const [first] = this.#chunks
    this.#reply.code(this.#status).send(this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reply.code(502).send(error)
  }
}

await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
