/** Whether a text is percent-encoded UTF-8 (RFC 3986, section 2.1). Unreserved characters may be encoded or not. */
export function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
