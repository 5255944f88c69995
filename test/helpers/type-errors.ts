/** Holds documents, such as manifests, to TypeScript types of the service that will read them. */
import { join } from 'node:path'
import ts from 'typescript'
import { packageRoot } from '../../src/package-root.js'

export interface TypedDocument {
  /** How the errors call it. */
  readonly name: string
  /** Such as `import('kubernetes-models/apps/v1').IDeployment`. */
  readonly type: string
  /** JSON values. */
  readonly value: unknown
}

/**
 * Compiles each document as a literal of its type, so that a misspelled member is an error, too.
 * @returns the errors, one line each
 */
export function typeErrors(documents: readonly TypedDocument[]): string[] {
  const file = join(packageRoot, 'test/deploy/documents.ts')
  const source = documents
    .map(({ type, value }, index) => `export const d${index}: ${type} = ${JSON.stringify(value)}`)
    .join('\n')
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    types: [],
  }
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram([file], options, {
    ...host,
    fileExists: (name) => name === file || host.fileExists(name),
    readFile: (name) => (name === file ? source : host.readFile(name)),
    getSourceFile: (name, ...rest) =>
      name === file
        ? ts.createSourceFile(name, source, options.target ?? ts.ScriptTarget.ES2023)
        : host.getSourceFile(name, ...rest),
  })
  return ts.getPreEmitDiagnostics(program).map(({ file: at, start, messageText }) => {
    const line = at === undefined || start === undefined ? -1 : at.getLineAndCharacterOfPosition(start).line
    return `${documents[line]?.name ?? 'types'}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}
