/**
 * `npm run lint` holds the tree to its layers: dependencies run one way, from the process down to the contract, and no
 * two files import each other, not even types. A wrong-way import is easy to write and hard to take back.
 *
 * eslint-plugin-import-x could hold the layers, but its `no-cycle` does not look at type imports.
 */

/** From top to bottom. A layer may import every layer below its own, but not the others in its line. */
const order = [
  ['server'],
  ['command-line', 'local'],
  ['app'],
  ['admin', 'routes'],
  ['operations'],
  ['http', 'access', 'explorer'],
  ['problem'],
  ['items'],
  ['storage'],
  ['json'],
  ['translator'],
  ['schemas'],
]

/** Layers beside the order, with their importers. They import nothing, unless `imports` says so. */
const beside = {
  observability: {
    importers: ['server', 'local', 'app', 'admin', 'routes', 'operations', 'http'],
    imports: ['problem', 'items', 'storage', 'json', 'translator', 'schemas', 'config', 'package-root'],
  },
  'graceful-shutdown': { importers: ['server', 'local'], imports: [] },
  config: { importers: layersDownTo('items'), imports: [] },
  'package-root': { importers: layersDownTo('storage'), imports: [] },
}

/** Layers that import less than the order allows, or a single file above them. `storage` could be a package. */
const alone = {
  storage: ['json', 'package-root'],
  json: ['translator'],
  translator: ['json/character-codes'],
  schemas: [],
}

const layers = [...order.flat(), ...Object.keys(beside)]

function layersDownTo(last) {
  return order.slice(0, order.findIndex((line) => line.includes(last)) + 1).flat()
}

/** The files of a layer: a folder, or one file of that name. */
function filesOf(layer) {
  const root = ['routes', 'schemas'].includes(layer) ? '' : 'src/'
  return `^${root}${layer}(?:/|\\.ts$)`
}

function importsOf(layer) {
  if (layer in beside) return beside[layer].imports
  if (layer in alone) return alone[layer]
  const below = order.slice(order.findIndex((line) => line.includes(layer)) + 1).flat()
  const others = Object.keys(beside).filter((other) => beside[other].importers.includes(layer))
  return [...below, ...others]
}

/** The files of this project, unlike packages, which any layer may import. */
const OWN_FILES = '^(?:src|routes|schemas|test|scripts|bench|examples)/'

const oneWay = layers.map((layer) => {
  const allowed = importsOf(layer)
  return {
    name: `${layer}-imports-downwards`,
    comment: `${layer} may import: ${allowed.join(', ') || 'nothing but itself'}.`,
    severity: 'error',
    from: { path: filesOf(layer) },
    to: { path: OWN_FILES, pathNot: [layer, ...allowed].map(filesOf) },
  }
})

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Move the part that both files need into a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...oneWay,
    {
      name: 'no-file-outside-the-layers',
      comment: 'Move the file into a layer, or give it one in .dependency-cruiser.js.',
      severity: 'error',
      from: { path: '^src/', pathNot: layers.map(filesOf) },
      to: {},
    },
    {
      name: 'no-unresolved-imports',
      comment: 'An import that is not found is not checked.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Type imports too: they are gone after compilation.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    // As Node.js resolves an ES module's imports: some packages have no entry for `require`.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default'] },
  },
}
