import { Document, visit } from 'yaml'

/**
 * YAML 1.2 that readers of YAML 1.1 read in the same way: 1.1 has more words for booleans, and dates. The quotes of
 * texts that could be dates are explicit.
 */
export function toYaml(value: object): string {
  const yaml = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' })
  visit(yaml, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && /^\d{4}-\d/.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return yaml.toString({ lineWidth: 110 })
}
