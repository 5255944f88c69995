/** The errors of an operation, from their codes. Their examples come from `docs/errors.md`, where the service wrote them. */
import { readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { join } from 'node:path'
import { type Code, CODES } from '../../schemas/parts/codes.js'
import { packageRoot } from '../../src/package-root.js'
import { rateLimit, requestId, retryAfter, wwwAuthenticate } from './headers.js'
import type { Json, JsonObject } from './json-value.js'
import { ref } from './schema-components.js'

const isCode = (name: string): name is Code => Object.hasOwn(CODES, name)
const allCodes = Object.keys(CODES).filter(isCode)

/** Responses with these codes, by status. An answer to HEAD has no body. */
export function problemResponses(codes: readonly Code[], head: boolean): JsonObject {
  const statuses = [...new Set(codes.map((code) => CODES[code].status))].sort((one, other) => one - other)
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      problemResponse(
        status,
        allCodes.filter((code) => CODES[code].status === status && codes.includes(code)),
        head,
      ),
    ]),
  )
}

function problemResponse(status: number, codes: readonly Code[], head: boolean): JsonObject {
  const list = codes.map((code) => `- \`${code}\`: ${CODES[code].title}.`).join('\n')
  const content = {
    'application/problem+json': {
      schema: ref('Problem'),
      examples: Object.fromEntries(codes.map((code) => [code, ref(code, 'examples')])),
    },
  }
  return {
    description: `${STATUS_CODES[status] ?? ''}.\n${list}`,
    headers: {
      ...requestId,
      ...([429, 503, 504].includes(status) && retryAfter),
      ...(status === 401 && wwwAuthenticate),
      ...(status === 429 && rateLimit),
    },
    ...(!head && { content }),
  }
}

/** The examples of `docs/errors.md`, as components, for the codes that the paths refer to. */
export function problemExamples(paths: JsonObject): JsonObject {
  const used = JSON.stringify(paths)
  const page = readFileSync(join(packageRoot, 'docs', 'errors.md'), 'utf8')
  const examples: Record<string, Json> = {}
  for (const [, code = '', json = ''] of page.matchAll(/^### (\w+)\n.*?^```http\n[^{]*(\{.*?\n\})\n```/gms)) {
    if (!isCode(code) || !used.includes(`"#/components/examples/${code}"`)) continue
    examples[code] = { summary: CODES[code].title, value: JSON.parse(json) as Json }
  }
  return examples
}
