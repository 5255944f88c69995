/** `docs/errors.md` as the service serves it: as a whole and by code, in Markdown and in HTML. */
import type { Code } from '../../schemas/parts/codes.js'
import { readPageFile } from './files.js'

/** The whole manual. */
export async function errorsManual(): Promise<string> {
  return (await readPageFile('errors.md')).toString()
}

/** The entry of a code. Its heading becomes that of the page. */
export async function errorEntry(code: Code): Promise<string> {
  const entries = (await errorsManual()).split(/^### /m)
  const entry = entries.find((text) => text.startsWith(`${code}\n`))
  if (entry === undefined) throw new Error(`docs/errors.md has no entry ${code}`)
  return `# ${entry.trimEnd()}\n`
}

/**
 * A page of HTML, for browsers.
 * @param root the path from the page to `/`, which may be served below another path: `./` or `../`
 */
export async function errorsPage(title: string, markdown: string, root: './' | '../'): Promise<string> {
  const { Marked } = await import('marked')
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        const id = text
          .toLowerCase()
          .replace(/[^\w ]/g, '')
          .replaceAll(' ', '-')
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens)
        // The service does not serve the other pages of the manual.
        return href.startsWith('#') ? `<a href="${href}">${text}</a>` : text
      },
    },
  })
  const html = await marked.parse(markdown)
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}: dynamodb-storage-service</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${root}docs/errors.css" />
  </head>
  <body>
    <nav><a href="${root}docs">Try the API</a> <a href="${root}errors">All errors</a></nav>
    <main>
${focusable(html)}    </main>
  </body>
</html>
`
}

/** A keyboard can only scroll what it can focus. Texts are escaped, so the tag is not part of one. */
const focusable = (html: string) => html.replaceAll('<pre>', '<pre tabindex="0">')
