/** The pages of the manual and their parts: shell blocks with the outputs that they show, headings and links. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import GithubSlugger from 'github-slugger'
import { lexer, type Token, type Tokens, walkTokens } from 'marked'
import { packageRoot } from '../../src/package-root.js'

/** A block of commands, as it stands on the page. */
export interface ShellBlock {
  readonly script: string
  /** The block directly behind it: what the commands print. */
  readonly output: string | undefined
  /** Why the tests do not run it, as the line before it says: `_Not run by the tests: needs Docker._` */
  readonly notRun: string | undefined
}

/** The languages of outputs. A block of another language behind commands, such as YAML, is no output. */
const OUTPUTS = ['json', 'text', 'http']

const NOT_RUN = /^[_*]Not run by the tests: (.+)\.[_*]$/

/** The paths of all pages, relative to the root of the project. */
export function pages(): string[] {
  const under = (folder: string): string[] =>
    existsSync(join(packageRoot, folder))
      ? readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
          .sort()
          .map((name) => join(folder, name))
      : []
  const atTheRoot = readdirSync(packageRoot).filter((name) => name.endsWith('.md'))
  return [...atTheRoot, ...['docs', 'deploy', 'examples', '.github'].flatMap(under)]
}

export const readPage = (page: string): string => readFileSync(join(packageRoot, page), 'utf8')

/** Every token of a page, those within lists and quotations included, in their order. */
function tokens(page: string): Token[] {
  const all: Token[] = []
  void walkTokens(lexer(page), (token) => void all.push(token))
  return all
}

const isCode = (token: Token | undefined): token is Tokens.Code => token?.type === 'code'

/** All blocks of code, with their language: '' if they name none. */
export function codeBlocks(page: string): { readonly lang: string; readonly text: string }[] {
  return tokens(page)
    .filter(isCode)
    .map(({ lang = '', text }) => ({ lang, text }))
}

/** The blocks with the language `sh`. */
export function shellBlocks(page: string): ShellBlock[] {
  // Within lists and quotations, blocks have neighbors of their own.
  const sequences: Token[][] = [lexer(page)]
  const found: ShellBlock[] = []
  for (const sequence of sequences) {
    const visible = sequence.filter(({ type }) => type !== 'space')
    for (const [index, token] of visible.entries()) {
      if ('items' in token) sequences.push(...(token as Tokens.List).items.map((item) => item.tokens))
      else if (token.type === 'blockquote') sequences.push((token as Tokens.Blockquote).tokens)
      if (!isCode(token) || token.lang !== 'sh') continue
      const before = visible[index - 1]
      const behind = visible[index + 1]
      found.push({
        script: token.text,
        output: isCode(behind) && OUTPUTS.includes(behind.lang ?? '') ? behind.text : undefined,
        notRun: before?.type === 'paragraph' ? NOT_RUN.exec(before.raw.trim())?.[1] : undefined,
      })
    }
  }
  return found
}

/** The anchors of a page, as GitHub makes them of its headings. */
export function anchors(page: string): Set<string> {
  const slugger = new GithubSlugger()
  const headings = tokens(page).filter((token): token is Tokens.Heading => token.type === 'heading')
  return new Set(headings.map((heading) => slugger.slug(plainText(heading))))
}

/** The text of a heading, without its marks of code, links and emphasis. */
function plainText({ tokens }: Tokens.Heading | Tokens.Link): string {
  return tokens
    .map((token) => ('tokens' in token ? plainText(token as Tokens.Link) : token.raw))
    .join('')
    .replaceAll('`', '')
}

/** The targets of all links and images of a page. */
export function links(page: string): string[] {
  return tokens(page)
    .filter((token): token is Tokens.Link | Tokens.Image => token.type === 'link' || token.type === 'image')
    .map(({ href }) => href)
}
