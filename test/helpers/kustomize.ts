/** Kustomize, from the PATH: `kustomize`, or the one inside `kubectl`. */
import { execFileSync } from 'node:child_process'
import { parseAllDocuments } from 'yaml'
import { findExecutable } from './executable.js'

const kustomize = findExecutable('kustomize')
const kubectl = findExecutable('kubectl')

const missing =
  kustomize === undefined && kubectl === undefined
    ? 'There is no kustomize and no kubectl in the PATH (go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1)'
    : undefined
// As with the generated clients, a machine without Go is no failure: the files themselves are checked in any case.
if (missing !== undefined)
  process.stderr.write(`\n*** ${missing}\n*** The tests that build the Kubernetes overlays are skipped.\n\n`)

/** Options for tests that need Kustomize. */
export const needsKustomize = { skip: missing ?? false }

/** The members that every Kubernetes object has, and those that are not looked into. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/**
 * Builds a Kustomize folder.
 * @throws Error with Kustomize's own text
 */
export function buildKustomize(folder: string): readonly KubernetesObject[] {
  const [program, args] =
    kustomize === undefined ? [kubectl ?? '', ['kustomize']] : ([kustomize, ['build']] as const)
  const yaml = execFileSync(program, [...args, folder], { encoding: 'utf8' })
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject)
}
