/** The table of routes in `docs/routes.md`. */
import { optionalTableRoutes } from '../../routes/tables.js'
import { markdownTable, withSection } from '../pages/sections.js'
import { describedRoutes } from './registered-routes.js'

/** `docs/routes.md` with its table brought up to date. */
export async function withRoutes(page: string): Promise<string> {
  const rows = (await describedRoutes()).map(({ method, url, schema }) => {
    const optional = optionalTableRoutes.find((route) => route.method === method && route.url === url)
    const { summary, operationId } = schema
    return [
      `\`${String(method)} ${url.replace(/:(\w+)/g, '{$1}')}\``,
      optional === undefined ? summary : `${summary}, with \`${optional.setting}\``,
      method === 'HEAD' ? '' : `\`${operationId}\``,
    ]
  })
  return withSection(page, 'routes', markdownTable(['request', 'action', 'name in clients'], rows))
}
