/* global URL, document, location, matchMedia, SwaggerUIBundle */
/** The page at /docs: Swagger UI, which calls the service that served the page and keeps every digit of a number. */

/** The URL of the service, which may be served below a path. */
const service = new URL('.', location.href).href.replace(/\/$/, '')

/**
 * Indents JSON and keeps every string and number as it is. Swagger UI itself uses JSON.parse, which would show
 * 12345678901234567890.12 as 12345678901234567000. A text that is not JSON is returned unchanged.
 */
function indent(json) {
  try {
    JSON.parse(json)
  } catch {
    return json
  }
  let depth = 0
  const line = () => `\n${'  '.repeat(depth)}`
  const tokens = /("(?:[^"\\]|\\.)*")|([{[])\s*([}\]])?|([}\]])|(,)|(:)|\s+/g
  return json.replace(tokens, (_, string, open, closed, close, comma, colon) => {
    if (string) return string
    if (closed) return open + closed
    if (open) depth++
    if (close) depth--
    if (open || comma) return (open ?? comma) + line()
    if (close) return line() + close
    return colon ? ': ' : ''
  })
}

const isLines = (mediaType) => /ndjson/i.test(mediaType)

function plugin({ React, getComponent }) {
  return {
    // Lines are shown and sent unchanged: Swagger UI would turn them into one JSON string.
    afterLoad() {
      const { getSampleSchema } = this.fn
      this.fn.getSampleSchema = (schema, mediaType, ...more) =>
        getSampleSchema(schema, isLines(mediaType) ? 'text/plain' : mediaType, ...more)
    },
    statePlugins: {
      spec: {
        wrapActions: {
          // The description may name another server; the page calls the one that served it.
          updateJsonSpec: (update) => (spec) => update({ ...spec, servers: [{ url: service }] }),
        },
      },
    },
    wrapComponents: {
      responseBody: (ResponseBody) => (props) => {
        const { content, contentType } = props
        if (typeof content !== 'string' || !/json/i.test(contentType)) {
          return React.createElement(ResponseBody, props)
        }
        const code = { language: 'json', downloadable: true, fileName: 'response.json', canCopy: true }
        return React.createElement(
          'div',
          null,
          React.createElement('h5', null, 'Response body'),
          React.createElement(
            getComponent('HighlightCode', true),
            code,
            isLines(contentType) ? content : indent(content),
          ),
        )
      },
    },
  }
}

const dark = matchMedia('(prefers-color-scheme: dark)')
const useColors = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', useColors)
useColors()

SwaggerUIBundle({
  dom_id: '#explorer',
  url: `${service}/openapi.json`,
  plugins: [plugin],
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // The description is not sent to swagger.io for validation.
  validatorUrl: null,
})
