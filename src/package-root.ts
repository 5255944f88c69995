import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function find(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : find(dirname(folder))
}

const here = dirname(fileURLToPath(import.meta.url))

/** The folder of `package.json` and `openapi.yaml`, both for the sources and for the build. */
export const packageRoot = find(here)

/** Whether this code runs from the build in `dist` rather than from the sources. */
export const inBuild = here.startsWith(join(packageRoot, 'dist'))

const { version: found } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string
}

export const version = found
