/** Whether a text is percent-encoded UTF-8 (RFC 3986, section 2.1); what does not have to be encoded may be or not. */
export function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
