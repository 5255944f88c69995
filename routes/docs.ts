import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { docs as pageSchema, docsFile as fileSchema } from '../schemas/docs.js'
import { isCurrent } from '../src/http/entity-tags.js'
import { once } from '../src/http/once.js'
import type { Route } from '../src/operations/call.js'
import { inBuild, packageRoot } from '../src/package-root.js'

interface File {
  /** Its path in the sources; `npm run build` copies it into `BUILT`. */
  readonly source: string
  readonly mediaType: string
}

/** All files of the page. Nothing else is served, and the page loads nothing from elsewhere. */
export const FILES: Readonly<Record<string, File>> = {
  'index.html': { source: 'src/explorer/index.html', mediaType: 'text/html; charset=utf-8' },
  'explorer.css': { source: 'src/explorer/explorer.css', mediaType: 'text/css; charset=utf-8' },
  'explorer.js': { source: 'src/explorer/explorer.js', mediaType: 'text/javascript; charset=utf-8' },
  'swagger-ui.css': {
    source: 'node_modules/swagger-ui-dist/swagger-ui.css',
    mediaType: 'text/css; charset=utf-8',
  },
  'swagger-ui-bundle.js': {
    source: 'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
    mediaType: 'text/javascript; charset=utf-8',
  },
}

/** The folder of these files in the build. */
export const BUILT = 'dist/explorer'

/**
 * The page may run only its own files and call only its own service. Swagger UI's icons are `data:` URLs. No other page
 * may show it in a frame (clickjacking).
 */
const headers = {
  'content-security-policy': [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self' data:`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Browsers keep the files, but revalidate them, so that a new version shows at once.
  'cache-control': 'no-cache',
}

/** Interactive documentation at `/docs`, and its files. Each file is read on its first request. */
export const docs: Route = (app) => {
  for (const [name, { source, mediaType }] of Object.entries(FILES)) {
    const read = once(async () => {
      const content = await readFile(join(packageRoot, inBuild ? join(BUILT, name) : source))
      return { content, etag: `"${createHash('sha256').update(content).digest('base64url')}"` }
    })

    const isPage = name === 'index.html'
    const [url, schema] = isPage ? ['/docs', pageSchema] : [`/docs/${name}`, fileSchema]
    app.get(url, { schema }, async (request, reply) => {
      const { content, etag } = await read()
      reply.headers({ ...headers, etag, 'content-type': mediaType })
      if (!isCurrent(etag, request.headers)) return content
      reply.code(304)
      return undefined
    })
  }
}
