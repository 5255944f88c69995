/* global AbortController, Response, TextDecoder, clearTimeout, fetch, setTimeout */
/** Answers without an end: Swagger UI would wait for it, so the page listens for a while and shows what has arrived. */

/** In ms. */
const LISTEN_MS = 5000

const isEndless = ({ method, url }) => method === 'GET' && /\/changes(?:\?|$)/.test(url)

/** Swagger UI calls it with each request before it is sent. */
export function requestInterceptor(request) {
  if (isEndless(request)) request.userFetch = fetchBriefly
  return request
}

async function fetchBriefly(url, options) {
  const abort = new AbortController()
  const answer = await fetch(url, { ...options, signal: abort.signal })
  if (!answer.ok) return answer
  const timer = setTimeout(() => {
    abort.abort()
  }, LISTEN_MS)
  const reader = answer.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true })
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  const { status, statusText, headers } = answer
  return new Response(text, { status, statusText, headers })
}
