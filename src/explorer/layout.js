/** The order of the page: search, the operations, and then the text about the API and its schemas. */
export const layout = ({ React: { createElement: h }, getComponent }) => ({
  wrapComponents: {
    // Swagger UI begins with the text and the servers, of which there is one.
    BaseLayout: (Original) => (props) => {
      const { specSelectors } = props
      if (specSelectors.loadingStatus() !== 'success') return h(Original, props)
      const info = specSelectors.info()
      const [SvgAssets, Markdown, Errors] = ['SvgAssets', 'Markdown', 'errors'].map((name) =>
        getComponent(name, true),
      )
      return h(
        'div',
        { className: 'swagger-ui' },
        h(SvgAssets),
        h(
          'header',
          { className: 'wrapper explorer-header' },
          h('h1', null, info.get('title'), ' ', h('small', null, info.get('version'))),
          specSelectors.securityDefinitions() && h(getComponent('AuthorizeBtnContainer', true)),
        ),
        h(Errors),
        h(getComponent('FilterContainer', true)),
        h('main', { id: 'operations', className: 'wrapper' }, h(getComponent('operations', true))),
        h(
          'section',
          { className: 'wrapper explorer-about', 'aria-labelledby': 'about' },
          h('h2', { id: 'about' }, 'About this API'),
          h(Markdown, { source: info.get('summary') }),
          h(Markdown, { source: info.get('description') }),
          h(
            'p',
            null,
            h('a', { href: 'openapi.yaml' }, 'OpenAPI description'),
            h('a', { href: 'errors' }, 'All error codes'),
          ),
        ),
        h('div', { className: 'wrapper' }, h(getComponent('Models', true))),
      )
    },
    // Every operation can be tried at once.
    TryItOutButton: () => () => null,
    // The button around the link already opens the operation.
    DeepLink:
      () =>
      ({ enabled, path, text }) =>
        h(
          'a',
          {
            className: 'nostyle',
            href: enabled ? `#/${path}` : undefined,
            tabIndex: -1,
            onClick: (event) => {
              event.preventDefault()
            },
          },
          h('span', null, text),
        ),
  },
})
