/* global EventSource, fetch, setTimeout, TextDecoderStream, URL */
/**
 * Follows the changes of a table, and goes on after every interruption. `EventSource` connects again by itself, with the id of
 * the last change. It cannot send an API key, though; with one, the same stream is read by `fetch`.
 */

const EVENTS = ['INSERT', 'MODIFY', 'REMOVE']
/** Before another attempt, in ms. */
const PAUSE_MS = 2000

/**
 * @param address of the changes
 * @param begin reads the items; called at the beginning, and whenever changes may have been missed
 * @param change called with each change
 * @param say called with what a person should know
 */
export async function follow(address, { headers, signal, begin, change, say }) {
  let lastId
  for (;;) {
    const url = new URL(address)
    if (lastId !== undefined) url.searchParams.set('after', lastId)
    const open = async () => {
      if (lastId === undefined) await begin()
      say('Connected')
    }
    const keep = (id) => {
      lastId = id
    }
    const read = 'x-api-key' in headers ? readByFetch : readByEventSource
    await read(url, { headers, signal, open, keep, change, say })
    signal.throwIfAborted()
    say('Connecting again …')
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    // An EventSource does not tell why it has given up.
    const why = await fetch(url, { method: 'HEAD', headers: keyIn(headers), signal }).catch(() => undefined)
    if (why?.status === 401 || why?.status === 403) throw new Error('The service refuses the API key')
    if (why?.status === 404 || why?.status === 409)
      throw new Error('There is no such table, or it has no stream')
    // The last id is too old, or no id any more: read everything anew.
    if (why?.status === 410 || why?.status === 400) lastId = undefined
  }
}

/** Resolves when the browser gives up. */
function readByEventSource(url, { signal, open, keep, change, say }) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url)
    const end = (settle, value) => {
      source.close()
      settle(value)
    }
    signal.addEventListener('abort', () => end(resolve))
    source.addEventListener('open', () => {
      open().catch((error) => end(reject, error))
    })
    source.addEventListener('error', () => {
      say('Connecting again …')
      if (source.readyState === EventSource.CLOSED) end(resolve)
    })
    for (const name of EVENTS) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        keep(lastEventId)
        change(JSON.parse(data))
      })
    }
  })
}

/** Resolves when the answer ends. */
async function readByFetch(url, { headers, signal, open, keep, change }) {
  const answer = await fetch(url, {
    headers: { ...keyIn(headers), accept: 'application/x-ndjson' },
    signal,
  }).catch(() => undefined)
  if (answer?.ok !== true) return
  // If the items cannot be read, the page has nothing to apply changes to. The changes wait meanwhile.
  await open()
  try {
    const first = answer.headers.get('last-event-id')
    if (first !== null) keep(first)
    let rest = ''
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const lines = (rest + value).split('\n')
      rest = lines.pop()
      for (const line of lines.filter((text) => text !== '')) {
        const one = JSON.parse(line)
        keep(one.id)
        // A line without an event is only a position.
        if ('event' in one) change(one)
      }
    }
  } catch {
    // The connection is lost: connect again.
  }
}

function keyIn({ 'x-api-key': key }) {
  return key === undefined ? {} : { 'x-api-key': key }
}
