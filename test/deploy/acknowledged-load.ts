/**
 * Load of reads and writes that keeps account: which writes were acknowledged, which were refused, and which have an
 * unknown outcome, so that the table can be compared with it afterwards.
 */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer {
  /** Undefined if the client got no answer at all. */
  readonly status: number | undefined
  readonly text: string
}

/** A request that was not answered with success. */
export interface Failure {
  readonly operation: keyof typeof OPERATIONS
  readonly answer: Answer
  /** Undefined if the answer does not say it. */
  readonly maybeApplied: boolean | undefined
}

/** The most requests of one run. */
const MAX_REQUESTS = 20_000
/** The pause of a client between two requests, in ms: the replicas share the machine with it and with DynamoDB Local. */
const PAUSE_MS = 20

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: object
}

/** A put and a conditional PUT of a new item, reads of an item that was acknowledged, and an increment. */
const OPERATIONS = {
  put: (table: string, id: string): Call => ({
    method: 'POST',
    path: `/v1/tables/${table}/put`,
    body: { item: { id } },
  }),
  create: (table: string, id: string): Call => ({
    method: 'PUT',
    path: `/v1/tables/${table}/items/${id}`,
    body: { id },
  }),
  get: (table: string, id: string): Call => ({
    method: 'POST',
    path: `/v1/tables/${table}/get`,
    body: { key: { id }, consistentRead: true },
  }),
  read: (table: string, id: string): Call => ({
    method: 'GET',
    path: `/v1/tables/${table}/items/${id}?consistentRead=true`,
  }),
  increment: (table: string, id: string): Call => ({
    method: 'POST',
    path: `/v1/tables/${table}/update`,
    body: { key: { id }, updateExpression: 'ADD n :one', expressionAttributeValues: { ':one': 1 } },
  }),
} as const

export class AcknowledgedLoad {
  readonly #agent: Agent
  readonly #url: string
  readonly #table: string
  readonly #acknowledged: string[] = []
  readonly #refused: string[] = []
  readonly #workers: Promise<void>[]
  readonly #increments: { id: string; acknowledged: number; unknown: number }[] = []
  readonly failures: Failure[] = []
  readonly latenciesMs: number[] = []
  #stopped = false
  #sent = 0

  /** Starts clients that each send one request after the other. */
  constructor(url: string, table: string, clients: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients })
    this.#url = url
    this.#table = table
    this.#workers = Array.from({ length: clients }, (_, client) => this.#work(client))
  }

  get sent(): number {
    return this.#sent
  }

  /** Sends no further requests, and resolves when all are answered. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#workers)
    this.#agent.destroy()
  }

  /**
   * Compares the table with the answers.
   * @param url of a service that answers
   * @returns one line for each answer that was not the truth
   */
  async lies(url: string): Promise<readonly string[]> {
    const lies: string[] = []
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const readItem = async (id: string): Promise<{ n?: number } | undefined> => {
      const { status, text } = await send(agent, url, OPERATIONS.get(this.#table, id))
      if (status !== 200) throw new Error(`${String(status)} ${text}`)
      return (JSON.parse(text) as { item?: { n?: number } }).item
    }
    const check = async (
      ids: readonly string[],
      isRight: (item: object | undefined) => boolean,
      lie: string,
    ) => {
      const rest = ids.slice()
      const reader = async () => {
        for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
          if (!isRight(await readItem(id))) lies.push(`${id} ${lie}`)
        }
      }
      await Promise.all(Array.from({ length: 8 }, reader))
    }
    await check(this.#acknowledged, (item) => item !== undefined, 'was acknowledged and is not there')
    await check(this.#refused, (item) => item === undefined, 'was not to be applied and is there')
    for (const { id, acknowledged, unknown } of this.#increments) {
      const n = (await readItem(id))?.n ?? 0
      if (n < acknowledged || n > acknowledged + unknown)
        lies.push(`${id} is ${n}, after ${acknowledged} acknowledged and ${unknown} unknown increments`)
    }
    agent.destroy()
    return lies
  }

  async #work(client: number): Promise<void> {
    const counter = { id: `counter-${client}`, acknowledged: 0, unknown: 0 }
    this.#increments.push(counter)
    for (let n = 0; !this.#stopped && this.#sent < MAX_REQUESTS; n++) {
      const id = `${client}-${n}`
      const known = this.#acknowledged.at(-1)
      await this.#write('put', id)
      await this.#write('create', `${id}-created`)
      if (known !== undefined) {
        await this.#call('get', known)
        await this.#call('read', known)
      }
      const failure = await this.#call('increment', counter.id)
      if (failure === undefined) counter.acknowledged++
      else if (failure.maybeApplied !== false) counter.unknown++
    }
  }

  async #write(operation: 'put' | 'create', id: string): Promise<void> {
    const failure = await this.#call(operation, id)
    if (failure === undefined) this.#acknowledged.push(id)
    else if (failure.maybeApplied === false) this.#refused.push(id)
  }

  async #call(operation: keyof typeof OPERATIONS, id: string): Promise<Failure | undefined> {
    await sleep(PAUSE_MS)
    this.#sent++
    const began = performance.now()
    const answer = await send(this.#agent, this.#url, OPERATIONS[operation](this.#table, id))
    this.latenciesMs.push(performance.now() - began)
    if (answer.status !== undefined && answer.status < 300) return undefined
    const failure = { operation, answer, maybeApplied: maybeAppliedIn(answer) }
    this.failures.push(failure)
    return failure
  }
}

function maybeAppliedIn({ text }: Answer): boolean | undefined {
  try {
    return (JSON.parse(text) as { maybeApplied?: boolean }).maybeApplied
  } catch {
    return undefined
  }
}

function send(agent: Agent, url: string, { method, path, body }: Call): Promise<Answer> {
  return new Promise((resolve) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...(method === 'PUT' && { 'if-none-match': '*' }),
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': String(text.length),
      }),
    }
    const call = request(url + path, { agent, method, headers })
    call.once('error', ({ message }) => {
      resolve({ status: undefined, text: message })
    })
    call.once('response', (response) => {
      let received = ''
      response.on('data', (chunk: Buffer) => (received += chunk.toString()))
      response.once('end', () => {
        resolve({ status: response.statusCode, text: received })
      })
      response.once('error', ({ message }) => {
        resolve({ status: undefined, text: message })
      })
    })
    call.end(text)
  })
}
