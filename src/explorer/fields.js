/* global CSS, structuredClone */
/** Labels for fields that Swagger UI leaves without one, and an editor as high as its content. */
import { isLines } from './exact-json.js'

/** Firefox cannot do it by CSS yet. */
const fitsByStyle = CSS.supports('field-sizing', 'content')

export const fields = ({ React }) => {
  const { createElement: h, useLayoutEffect, useRef } = React
  const labeled = (text, field, className = 'explorer-field') =>
    h('label', { className }, h('span', { className: 'explorer-hidden' }, text), field)

  return {
    statePlugins: {
      spec: {
        wrapActions: {
          // The format `binary`, which generators of clients need, would give a body a field for a file.
          updateJsonSpec: (update) => (spec) => update(withTextBodies(spec)),
        },
      },
    },
    // Lines are sent unchanged: Swagger UI would turn them into one JSON string.
    afterLoad() {
      const { getSampleSchema } = this.fn
      this.fn.getSampleSchema = (schema, mediaType, ...more) =>
        getSampleSchema(schema, isLines(mediaType) ? 'text/plain' : mediaType, ...more)
    },
    wrapComponents: {
      JsonSchemaForm: (Original) => (props) => labeled(props.description ?? 'Value', h(Original, props)),
      ExamplesSelect: (Original) => (props) =>
        props.showLabels === false
          ? labeled('Example', h(Original, props), '')
          : h('label', null, h(Original, props)),
      TextArea: () =>
        function Editor(props) {
          const area = useRef(null)
          useLayoutEffect(() => {
            if (fitsByStyle) return
            const { current } = area
            current.style.height = '0'
            const borders = current.offsetHeight - current.clientHeight
            current.style.height = `${current.scrollHeight + borders}px`
          }, [props.value])
          return labeled('Request body', h('textarea', { ...props, ref: area, spellCheck: false }))
        },
    },
  }
}

function withTextBodies(spec) {
  const { paths, ...others } = structuredClone(spec)
  for (const path of Object.values(paths)) {
    for (const { requestBody } of Object.values(path)) {
      for (const { schema } of Object.values(requestBody?.content ?? {})) delete schema.format
    }
  }
  return { ...others, paths }
}
