/**
 * Search over everything that is said about an operation. Swagger UI's own filter knows tags and paths only, so it does not
 * find "create table".
 */

/** What is said about each operation, in lower case, by its method and path. */
const texts = new Map()

function textsOf({ components: { schemas = {} } = {} }, path, method, operation) {
  const { operationId, summary, description, tags = [], parameters = [], requestBody } = operation
  const fields = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => {
    const { properties = {} } = schemas[schema?.$ref?.split('/').at(-1)] ?? schema ?? {}
    return Object.keys(properties)
  })
  const named = parameters.flatMap((parameter) => [parameter.name, parameter.description])
  const all = [method, path, operationId, summary, description, ...tags, ...named, ...fields]
  return { title: `${summary} ${operationId}`.toLowerCase(), all: all.join(' ').toLowerCase() }
}

function index(spec) {
  texts.clear()
  for (const [path, methods] of Object.entries(spec.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) {
      texts.set(`${method} ${path}`, textsOf(spec, path, method, operation))
    }
  }
}

/** 0 if a word is missing in what is said about the operation, 2 if its title has all words, otherwise 1. */
function rankOf(operation, words) {
  const { title = '', all = '' } = texts.get(`${operation.get('method')} ${operation.get('path')}`) ?? {}
  if (words.every((word) => title.includes(word))) return 2
  return words.every((word) => all.includes(word)) ? 1 : 0
}

/** Replaces Swagger UI's filter: the operations that match, the best ones first, without tags that have none. */
function opsFilter(taggedOps, phrase) {
  const words = phrase.toLowerCase().split(/\s+/)
  const rank = (operation) => rankOf(operation, words)
  const best = (tag) => Math.max(...tag.get('operations').map(rank))
  return taggedOps
    .map((tag) => tag.update('operations', (all) => all.filter(rank).sortBy((operation) => -rank(operation))))
    .filter((tag) => tag.get('operations').size > 0)
    .sortBy((tag) => -best(tag))
}

export const search = ({ React: { createElement: h } }) => ({
  fn: { opsFilter },
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (spec) => {
          index(spec)
          return update(spec)
        },
      },
    },
  },
  wrapComponents: {
    FilterContainer: () =>
      function Search({ specSelectors, layoutSelectors, layoutActions }) {
        const phrase = layoutSelectors.currentFilter()
        const text = typeof phrase === 'string' ? phrase : ''
        const found = specSelectors
          .taggedOperations()
          .reduce((sum, tag) => sum + tag.get('operations').size, 0)
        return h(
          'div',
          { className: 'wrapper explorer-search', role: 'search' },
          h('label', { htmlFor: 'search' }, 'Search the operations'),
          h('input', {
            id: 'search',
            type: 'search',
            value: text,
            placeholder: 'create table, paginate, counter',
            autoComplete: 'off',
            spellCheck: false,
            onChange: ({ target }) => layoutActions.updateFilter(target.value),
          }),
          h('p', { role: 'status' }, text.trim() === '' ? '' : countOf(found)),
        )
      },
  },
})

const countOf = (found) =>
  found === 0
    ? 'No operation has all of these words.'
    : `${found} ${found === 1 ? 'operation' : 'operations'}`
