/**
 * Indents JSON and keeps every string and number as it is. Swagger UI itself uses JSON.parse, which would show
 * 12345678901234567890.12 as 12345678901234567000. A text that is not JSON is returned unchanged.
 */
export function indent(json) {
  try {
    JSON.parse(json)
  } catch {
    return json
  }
  let depth = 0
  const line = () => `\n${'  '.repeat(depth)}`
  const tokens = /("(?:[^"\\]|\\.)*")|([{[])\s*([}\]])?|([}\]])|(,)|(:)|\s+/g
  return json.replace(tokens, (_, string, open, closed, close, comma, colon) => {
    if (string) return string
    if (closed) return open + closed
    if (open) depth++
    if (close) depth--
    if (open || comma) return (open ?? comma) + line()
    if (close) return line() + close
    return colon ? ': ' : ''
  })
}

export const isLines = (mediaType) => /ndjson/i.test(mediaType)
