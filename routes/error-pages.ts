import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Code, CODES } from '../schemas/parts/codes.js'
import { errorPage as errorSchema, errorPages as errorsSchema } from '../schemas/error-pages.js'
import { errorEntry, errorsManual, errorsPage } from '../src/explorer/errors-manual.js'
import { entityTagOf, PAGE_HEADERS } from '../src/explorer/files.js'
import { preferredMediaType } from '../src/http/content-negotiation.js'
import { isCurrent } from '../src/http/entity-tags.js'
import { once } from '../src/http/once.js'
import type { Route } from '../src/operations/call.js'
import { clip, ProblemError } from '../src/problem/problem-error.js'

const MARKDOWN = { mediaType: 'text/markdown' }
const HTML = { mediaType: 'text/html' }

/** One page in both media types, each with its entity tag. It is read and converted on first use. */
function createPage(title: string, read: () => Promise<string>, root: './' | '../') {
  const withTag = (content: string) => ({ content, etag: entityTagOf(content) })
  const markdown = once(async () => withTag(await read()))
  const html = once(async () => withTag(await errorsPage(title, await read(), root)))
  return (mediaType: string) => (mediaType === HTML.mediaType ? html() : markdown())
}

type Page = ReturnType<typeof createPage>

/** The manual of the errors at `/errors`, and the entry of each code, to which the `type` of a problem leads. */
export const errorPages: Route = (app) => {
  const all = createPage('Errors', errorsManual, './')
  const codes = (Object.keys(CODES) as Code[]).map(
    (code) => [code, createPage(code, () => errorEntry(code), '../')] as const,
  )
  const pages = new Map<string, Page>(codes)

  app.get('/errors', { schema: errorsSchema }, async (request, reply) => sendPage(all, request, reply))

  app.get('/errors/:code', { schema: errorSchema }, async (request, reply) => {
    const { code } = request.params
    const page = pages.get(code)
    if (page !== undefined) return sendPage(page, request, reply)
    throw new ProblemError(
      'RouteNotFound',
      `There is no error code ${clip(code)}. GET /errors lists all codes.`,
    )
  })
}

/** A reader who accepts neither media type gets Markdown rather than another error. */
async function sendPage(page: Page, { headers }: FastifyRequest, reply: FastifyReply) {
  const { mediaType } = preferredMediaType(headers.accept, [MARKDOWN, HTML]) ?? MARKDOWN
  const { content, etag } = await page(mediaType)
  reply.headers({ ...PAGE_HEADERS, etag, vary: 'accept', 'content-type': `${mediaType}; charset=utf-8` })
  if (!isCurrent(etag, headers)) return content
  reply.code(304)
  return undefined
}
