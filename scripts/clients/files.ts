/** The generated files of the ready-made clients. */
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { parse } from 'yaml'
import { inRepresentation } from '../../src/explorer/one-representation.js'
import { document, typed } from '../../src/items/representation.js'
import { packageRoot } from '../../src/package-root.js'
import type { JsonObject } from '../openapi/json-value.js'
import { pythonOperations, pythonSchemas } from './python.js'
import { typescriptOperations, typescriptSchemas } from './typescript.js'

/**
 * @param openapi the content of `openapi.yaml`
 * @returns the content of each file, by its path from the root of the repository
 */
export async function clientFiles(openapi: string): Promise<ReadonlyMap<string, string>> {
  const whole = parse(openapi) as JsonObject
  const documents = inRepresentation(whole, document) as JsonObject
  const inTypes = inRepresentation(whole, typed) as JsonObject
  const typescript = 'clients/typescript/src/generated'
  const python = 'clients/python/src/dynamodb_storage'
  return new Map([
    [`${typescript}/schemas.ts`, await formatted(typescriptSchemas(whole))],
    [`${typescript}/operations.ts`, await formatted(typescriptOperations(documents, inTypes))],
    [`${python}/schemas.py`, pythonSchemas(documents)],
    [`${python}/operations.py`, pythonOperations(documents)],
  ])
}

async function formatted(source: string): Promise<string> {
  const options = await resolveConfig(join(packageRoot, 'package.json'))
  return format(source, { ...options, parser: 'typescript' })
}
