/* global URL, document, location, matchMedia, SwaggerUIBundle */
/**
 * The page at /docs: Swagger UI, which calls the service that served the page. Swagger UI alone neither searches
 * descriptions nor labels its fields, so these plugins replace parts of it.
 */
import { answers } from './answers.js'
import { requestInterceptor } from './briefly.js'
import { fields } from './fields.js'
import { layout } from './layout.js'
import { references } from './references.js'
import { search } from './search.js'

/** The URL of the service, which may be served below a path. */
const service = new URL('.', location.href).href.replace(/\/$/, '')

const server = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        // The description may name another server; the page calls the one that served it.
        updateJsonSpec: (update) => (spec) => update({ ...spec, servers: [{ url: service }] }),
      },
    },
  },
})

const dark = matchMedia('(prefers-color-scheme: dark)')
const useColors = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', useColors)
useColors()

SwaggerUIBundle({
  dom_id: '#explorer',
  url: `${service}/openapi.json`,
  plugins: [server, references, layout, search, fields, answers],
  requestInterceptor,
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // The description is not sent to swagger.io for validation.
  validatorUrl: null,
})
