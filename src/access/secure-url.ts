/** The URLs at which the keys of an issuer may be read: nobody on the way can replace what they return. */
import { isLoopback } from '../config/listen-host.js'

/** Whether a text is a URL rather than a path. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

/** Whether a URL is `https`, or `http` to this machine. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url))
}

/** Whether a URL is of this machine. */
export function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
