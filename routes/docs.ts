import { docs as pageSchema, docsFile as fileSchema } from '../schemas/docs.js'
import { entityTagOf, type FileName, FILES, PAGE_HEADERS, readPageFile } from '../src/explorer/files.js'
import { isCurrent } from '../src/http/entity-tags.js'
import { once } from '../src/http/once.js'
import type { Route } from '../src/operations/call.js'

/** The files that pages load, by their names below `/docs/`. Nothing else is served. */
export const LOADED = [
  'explorer.css',
  'explorer.js',
  'answers.js',
  'briefly.js',
  'exact-json.js',
  'fields.js',
  'layout.js',
  'references.js',
  'search.js',
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'errors.css',
] as const satisfies readonly FileName[]

/** Interactive documentation at `/docs`, and its files. Each file is read on its first request. */
export const docs: Route = (app) => {
  for (const name of ['index.html', ...LOADED] as const) {
    const read = once(async () => {
      const content = await readPageFile(name)
      return { content, etag: entityTagOf(content) }
    })

    const isPage = name === 'index.html'
    const [url, schema] = isPage ? ['/docs', pageSchema] : [`/docs/${name}`, fileSchema]
    app.get(url, { schema }, async (request, reply) => {
      const { content, etag } = await read()
      reply.headers({ ...PAGE_HEADERS, etag, 'content-type': FILES[name].mediaType })
      if (!isCurrent(etag, request.headers)) return content
      reply.code(304)
      return undefined
    })
  }
}
