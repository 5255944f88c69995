/** Every link of the manual leads to a page, and to a heading of it. Links to other sites are not followed. */
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { anchors, links, pages, readPage } from './pages.js'

/** What is wrong with the links of a page. */
function broken(page: string, text: string): string[] {
  return links(text).flatMap((link) => {
    if (/^[a-z][a-z+.-]*:/i.test(link)) return []
    const [path = '', anchor] = link.split('#').map(decodeURIComponent)
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (target.startsWith('..')) return [`${link} leaves the project`]
    if (target !== page && !existsSync(join(packageRoot, target))) return [`${link}: no such file`]
    if (anchor === undefined) return []
    if (!target.endsWith('.md')) {
      return [`${link}: only pages have anchors`]
    }
    return anchors(target === page ? text : readPage(target)).has(anchor) ? [] : [`${link}: no such heading`]
  })
}

t.test('every relative link and anchor resolves', async (t) => {
  for (const page of pages()) t.strictSame(broken(page, readPage(page)), [], page)
})

t.test('the index links every page of docs', async (t) => {
  const index = 'docs/README.md'
  const linked = new Set(links(readPage(index)).map((link) => join('docs', link.split('#')[0] ?? '')))
  const missing = pages().filter((page) => page.startsWith('docs/') && page !== index && !linked.has(page))
  t.strictSame(missing, [])
})

t.test('a broken link is noticed', async (t) => {
  const text =
    '# A `code` [link](errors.md) & more\n\n- [a](#a-code-link--more), [b](#b), [c](missing.md), ![d](none.png)\n'
  t.strictSame(broken('docs/page.md', text), [
    '#b: no such heading',
    'missing.md: no such file',
    'none.png: no such file',
  ])
})
