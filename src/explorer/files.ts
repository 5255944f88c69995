/** The files of the pages for people: `/docs` and `/errors`. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inBuild, packageRoot } from '../package-root.js'

interface File {
  /** Its path in the sources; `npm run build` copies it into {@link BUILT}. */
  readonly source: string
  readonly mediaType: string
}

/** All files of the pages. The pages load nothing from elsewhere. */
export const FILES = {
  'index.html': { source: 'src/explorer/index.html', mediaType: 'text/html; charset=utf-8' },
  'explorer.css': { source: 'src/explorer/explorer.css', mediaType: 'text/css; charset=utf-8' },
  'explorer.js': { source: 'src/explorer/explorer.js', mediaType: 'text/javascript; charset=utf-8' },
  'answers.js': { source: 'src/explorer/answers.js', mediaType: 'text/javascript; charset=utf-8' },
  'briefly.js': { source: 'src/explorer/briefly.js', mediaType: 'text/javascript; charset=utf-8' },
  'exact-json.js': { source: 'src/explorer/exact-json.js', mediaType: 'text/javascript; charset=utf-8' },
  'fields.js': { source: 'src/explorer/fields.js', mediaType: 'text/javascript; charset=utf-8' },
  'layout.js': { source: 'src/explorer/layout.js', mediaType: 'text/javascript; charset=utf-8' },
  'references.js': { source: 'src/explorer/references.js', mediaType: 'text/javascript; charset=utf-8' },
  'search.js': { source: 'src/explorer/search.js', mediaType: 'text/javascript; charset=utf-8' },
  'swagger-ui.css': {
    source: 'node_modules/swagger-ui-dist/swagger-ui.css',
    mediaType: 'text/css; charset=utf-8',
  },
  'swagger-ui-bundle.js': {
    source: 'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
    mediaType: 'text/javascript; charset=utf-8',
  },
  'errors.css': { source: 'src/explorer/errors.css', mediaType: 'text/css; charset=utf-8' },
  'errors.md': { source: 'docs/errors.md', mediaType: 'text/markdown; charset=utf-8' },
} as const satisfies Readonly<Record<string, File>>

export type FileName = keyof typeof FILES

/** The folder of these files in the build. */
export const BUILT = 'dist/explorer'

export async function readPageFile(name: FileName): Promise<Buffer> {
  return readFile(join(packageRoot, inBuild ? join(BUILT, name) : FILES[name].source))
}

/** A strong entity tag for these bytes (RFC 9110, section 8.8.3). */
export function entityTagOf(content: Buffer | string): string {
  return `"${createHash('sha256').update(content).digest('base64url')}"`
}

/**
 * Headers of every file. The pages may run only their own files and call only their own service. Swagger UI's icons are
 * `data:` URLs. No other page may show them in a frame (clickjacking).
 */
export const PAGE_HEADERS = {
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
} as const
