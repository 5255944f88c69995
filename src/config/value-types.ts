/** The types of values that a setting can have. */

export interface ValueType<Value> {
  /** The valid values, in the words that complete "it must be". */
  readonly expected: string
  /** Returns `undefined` for a text that is not valid. */
  readonly parse: (text: string) => Value | undefined
}

/** A whole number in decimal digits, with both bounds included. */
export const integer = (least: number, most: number): ValueType<number> => ({
  expected: `a whole number from ${least} to ${most}`,
  parse: (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN
    return number >= least && number <= most ? number : undefined
  },
})

// Node.js fires a timer with a longer delay at once.
const MAX_TIMER_MS = 2 ** 31 - 1

/** A duration in ms that a timer can wait for. */
export const milliseconds = (least: 0 | 1): ValueType<number> => integer(least, MAX_TIMER_MS)

/** One of these words, in exactly this spelling. */
export const oneOf = <const Word extends string>(...words: readonly Word[]): ValueType<Word> => ({
  expected: words.length === 1 ? JSON.stringify(words[0]) : `one of ${words.join(', ')}`,
  parse: (text) => words.find((word) => word === text),
})

export const boolean: ValueType<boolean> = {
  expected: 'one of true, false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
}

/** Any text but the empty one. `expected` says what the text stands for. */
export const text = (expected: string): ValueType<string> => ({
  expected,
  parse: (text) => (text === '' ? undefined : text),
})

/**
 * A part of AWS credentials. A secret that is read from a file easily has a line break at its end, and then DynamoDB
 * refuses every signature. The empty text is valid: the SDK treats it as not set.
 */
export const credential: ValueType<string> = {
  expected: 'without white space',
  parse: (text) => (/\s/.test(text) ? undefined : text),
}

/** Secrets, separated by commas. Each is too long to be guessed. */
export const secrets = (leastLength: number): ValueType<readonly string[]> => ({
  expected: `at least ${leastLength} characters without white space, or several such secrets, separated by commas`,
  parse: (text) => {
    const all = text.split(',')
    return all.every((secret) => secret.length >= leastLength && !/\s/.test(secret)) ? all : undefined
  },
})

/** The base URL of an endpoint. The SDK misreads some others, or refuses them without naming the setting. */
export const httpUrl: ValueType<string> = {
  expected: 'an http or https URL without user or query, such as http://127.0.0.1:8000',
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined
    return url.username === '' && url.password === '' && url.search === '' ? text : undefined
  },
}

/** The URL of an HTTP proxy. The empty text stands for none, so that a proxy can be switched off. */
export const proxyUrl: ValueType<string> = {
  expected:
    'an http or https URL such as http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128',
  parse: (text) => {
    if (text === '') return text
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined
    return isPercentEncoded(url.username) && isPercentEncoded(url.password) ? text : undefined
  },
}

/** Whether each `%` begins an encoded byte, and the bytes are UTF-8. */
function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Any text, the empty one included. `expected` says what the text stands for. */
export const anyText = (expected: string): ValueType<string> => ({ expected, parse: (text) => text })

/**
 * A URL to which a name is appended: absolute, or a path from the root, which clients resolve against the URL of their
 * request (RFC 3986, section 4.2). It stands in every problem, so it is written as URLs are: in ASCII, without user
 * information. A slash at its end makes no difference.
 */
export const baseUrl: ValueType<string> = {
  expected: 'a path that begins with one /, or an http or https URL without user or query',
  parse: (text) => {
    if (!/^(?:https?:\/\/|\/(?!\/))[\w!#$%&'()*+,\-./:;=@[\]~]*$/i.test(text)) return undefined
    const url = URL.canParse(text, 'http://localhost') ? new URL(text, 'http://localhost') : undefined
    const valid = url?.username === '' && url.password === '' && url.hash === ''
    if (!valid) return undefined
    return text.endsWith('/') ? text.slice(0, -1) : text
  },
}

/** The URL of a Redis or Valkey server; `rediss:` for TLS. */
export const redisUrl: ValueType<string> = {
  expected: 'a URL such as redis://127.0.0.1:6379 or rediss://:password@host:6379/0',
  parse: (text) => (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) ? text : undefined),
}

/** Host names without a port, in lower case, or `*`. */
export const hostNames: ValueType<readonly string[]> = {
  expected: '* or host names without a port, separated by commas, such as storage.example.com,localhost',
  parse: (text) => {
    const names = separated(text)
    return names.every((name) => name === '*' || (/^[\w.:[\]-]+$/.test(name) && !/:\d+$/.test(name)))
      ? names
      : undefined
  },
}

/** Origins (RFC 6454, section 7) in the form in which browsers send them, or `*`. */
export const origins: ValueType<readonly string[]> = {
  expected: '* alone, or origins separated by commas, such as https://app.example.com,http://localhost:5173',
  parse: (text) => {
    const all = separated(text)
    if (text === '*') return all
    return all.every((one) => URL.canParse(one) && new URL(one).origin === one) ? all : undefined
  },
}

/** The parts of a list that is not empty, in lower case. */
function separated(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim().toLowerCase())
}
