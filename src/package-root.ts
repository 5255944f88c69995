import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function find(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : find(dirname(folder))
}

/** The folder of `package.json` and `openapi.yaml`, from the sources and from the build alike. */
export const packageRoot = find(dirname(fileURLToPath(import.meta.url)))

const { version: found } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string
}

export const version = found
