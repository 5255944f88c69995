/** `.env.example` and the tables of the manual list the settings as `src/config/settings.ts` has them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { envExample, withFirstSettings, withSettings } from '../../scripts/settings/documents.js'
import { readConfig } from '../../src/config.js'
import { SETTINGS } from '../../src/config/settings.js'
import { packageRoot } from '../../src/package-root.js'

const example = readFileSync(join(packageRoot, '.env.example'), 'utf8')
const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8')
const page = readFileSync(join(packageRoot, 'docs', 'settings.md'), 'utf8')

const namesIn = (table: string) => [...table.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name)

t.test('.env.example is the output of npm run settings', async (t) => {
  t.equal(example, envExample())
})

t.test('docs/settings.md is the output of npm run settings, and has every setting', async (t) => {
  t.equal(page, withSettings(page))
  t.strictSame(namesIn(page), Object.keys(SETTINGS))
})

t.test('README has the settings of a first deployment, as npm run settings writes them', async (t) => {
  t.equal(readme, withFirstSettings(readme))
  t.ok(namesIn(readme).includes('AUTH'))
})

t.test('a page without a place for the table is an error', async (t) => {
  t.throws(() => withSettings('# Settings'), { message: 'the page has no section settings' })
})

t.test('.env.example', async (t) => {
  const settings = Object.fromEntries(
    [...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )

  t.test('has every setting that readConfig reads', async (t) => {
    const known = new Set(['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
    // The settings of proxies also have names in lower case.
    const get = (_: object, name: string) => void known.add(name.toUpperCase())
    readConfig(new Proxy({}, { get }))
    t.strictSame(Object.keys(settings).sort(), [...known].sort())
  })

  t.test('has the defaults', async (t) => {
    // Settings without a default have an example instead.
    const withDefault: Record<string, string> = {}
    for (const [name, setting] of Object.entries(SETTINGS)) {
      if ('default' in setting) withDefault[name] = settings[name] ?? 'missing'
    }
    t.strictSame(readConfig(withDefault), readConfig({}))
    t.equal(readConfig(settings).auth, 'policy')
  })

  t.test('sets nothing before it is edited', async (t) => {
    t.notMatch(example, /^[^#\n]/m)
  })
})
