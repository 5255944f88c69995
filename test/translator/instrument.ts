/** Copies of the module's sources that tell which of their branches were reached. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** A branch, by the place of its first character in the sources: `scan.ts:75`. */
export interface Arm {
  readonly place: string
  readonly kind: string
}

/** Where a byte for each arm stands in the module's memory, which has nothing else up to `HASHES` in `memory.ts`. */
export const HITS = 0x9000
const MAX_ARMS = 0x7000

const HITS_SOURCE = `export function hit(arm: i32): void {
  store<u8>(${HITS} + <usize>arm, 1)
}
`

/**
 * Copies AssemblyScript with a call of `hit` in each branch: functions, both sides of `if`, loops, cases, both sides of `?` and
 * the right side of `&&` and `||`.
 * @param sources the folder `src`
 * @param copy a folder for the same files
 * @returns the branches, by the argument of `hit`
 */
export function instrument(sources: string, copy: string): readonly Arm[] {
  const arms: Arm[] = []
  const folder = join(copy, 'translator/assembly')
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(join(sources, 'translator/assembly')).filter((name) =>
    name.endsWith('.ts'),
  )) {
    const text = readFileSync(join(sources, 'translator/assembly', name), 'utf8')
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest)
    writeFileSync(join(folder, name), `import { hit } from './hits'\n${new Instrumented(file, arms).text}`)
  }
  writeFileSync(join(folder, 'hits.ts'), HITS_SOURCE)
  const codes = 'json/character-codes.ts'
  mkdirSync(dirname(join(copy, codes)), { recursive: true })
  writeFileSync(join(copy, codes), readFileSync(join(sources, codes)))
  if (arms.length > MAX_ARMS) throw new Error('there is no room for so many branches')
  return arms
}

class Instrumented {
  readonly #file: ts.SourceFile
  readonly #arms: Arm[]

  constructor(file: ts.SourceFile, arms: Arm[]) {
    this.#file = file
    this.#arms = arms
  }

  get text(): string {
    return this.#textOf(this.#file)
  }

  #textOf(node: ts.Node): string {
    let text = ''
    let at = node.getStart(this.#file)
    ts.forEachChild(node, (child) => {
      text += this.#file.text.slice(at, child.getStart(this.#file)) + this.#within(node, child)
      at = child.end
    })
    return text + this.#file.text.slice(at, node.end)
  }

  /** A part of `node`, which may be a branch of it. */
  #within(node: ts.Node, part: ts.Node): string {
    const text = () => this.#textOf(part)
    const hit = (kind: string) => this.#hit(part, kind)
    const block = (kind: string) => `{ ${hit(kind)}; ${text()} }`
    const expression = (kind: string) => `(${hit(kind)}, ${text()})`
    if (ts.isFunctionDeclaration(node) && part === node.body) return block('function')
    if (ts.isIterationStatement(node, false) && part === node.statement) return block('loop')
    if (ts.isIfStatement(node)) {
      if (part === node.elseStatement) return block('else')
      if (part === node.thenStatement) {
        return block('if') + (node.elseStatement === undefined ? ` else { ${hit('no else of the if')} }` : '')
      }
    }
    if (ts.isCaseOrDefaultClause(node) && part === node.statements[0]) return `${hit('case')}; ${text()}`
    if (ts.isCaseBlock(part) && !part.clauses.some(ts.isDefaultClause)) {
      throw new Error(`${this.#placeOf(part)}: a switch must have a default`)
    }
    if (ts.isConditionalExpression(node) && (part === node.whenTrue || part === node.whenFalse)) {
      return expression(part === node.whenTrue ? '?' : ':')
    }
    if (ts.isBinaryExpression(node) && part === node.right) {
      const { kind } = node.operatorToken
      if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return expression('&&')
      if (kind === ts.SyntaxKind.BarBarToken) return expression('||')
    }
    return text()
  }

  #hit(node: ts.Node, kind: string): string {
    return `hit(${this.#arms.push({ place: this.#placeOf(node), kind }) - 1})`
  }

  #placeOf(node: ts.Node): string {
    const { line } = this.#file.getLineAndCharacterOfPosition(node.getStart(this.#file))
    return `${this.#file.fileName}:${line + 1}`
  }
}
