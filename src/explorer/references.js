/** Resolves the references of the description in a moment. Swagger UI's own way takes seconds for each operation. */

const at = (spec, steps) => steps.reduce((value, step) => value?.[step], spec)

/** The steps of a reference within the description, a JSON pointer (RFC 6901). */
const stepsOf = (reference) =>
  reference
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))

/** @param within the references around the value: one of them is left as it is, or there would be no end */
function resolved(spec, value, within) {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => resolved(spec, one, within))
  const { $ref, ...others } = value
  const members = Object.entries(others).map(([name, member]) => [name, resolved(spec, member, within)])
  if (typeof $ref !== 'string') return Object.fromEntries(members)
  if (within.includes($ref)) return value
  const target = resolved(spec, at(spec, stepsOf($ref)), [...within, $ref])
  return { ...target, ...Object.fromEntries(members), $$ref: $ref }
}

export const references = () => ({
  fn: {
    resolveSubtree: async (spec, path) => ({ errors: [], spec: resolved(spec, at(spec, path), []) }),
  },
})
