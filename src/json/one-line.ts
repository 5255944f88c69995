import { CARRIAGE_RETURN, LINE_FEED, SPACE } from './character-codes.js'
import type { Json } from './json.js'

/**
 * The same JSON without line ends. In JSON these can only be white space, but they would split a line or an event. DynamoDB
 * writes none.
 */
export function onOneLine(json: Json): Json {
  return json.includes(LINE_FEED) || json.includes(CARRIAGE_RETURN)
    ? Buffer.from(json.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte)))
    : json
}
