/** Answers: brought into view, with every digit; and the documented errors, folded. */
import { indent, isLines } from './exact-json.js'

/** The operation whose answer has just arrived, until it is shown. */
let arrived

export const answers = ({ React, getComponent }) => {
  const { createElement: h, Fragment, useEffect, useRef, useState } = React

  return {
    statePlugins: {
      spec: {
        wrapActions: {
          setResponse: (set) => (path, method, response) => {
            arrived = `${method} ${path}`
            return set(path, method, response)
          },
        },
      },
    },
    wrapComponents: {
      liveResponse: (Original) =>
        function Answer(props) {
          const { response, path, method } = props
          const region = useRef(null)
          useEffect(() => {
            // An operation that is only opened again shows its last answer, too.
            if (arrived !== `${method} ${path}`) return
            arrived = undefined
            region.current.querySelector('.live-responses-table')?.scrollIntoView({ block: 'start' })
          }, [response, path, method])
          const status = response.get('status') ?? 'failed'
          return h(
            'div',
            { ref: region },
            h('p', { className: 'explorer-hidden', role: 'status' }, `Answer: ${status}`),
            h(Original, props),
          )
        },
      response: (Original) =>
        function Documented(props) {
          const [open, setOpen] = useState(false)
          const { code, response } = props
          if (Number(code) < 400) return h(Original, props)
          const [meaning] = (response.get('description') ?? '').split('.', 1)
          const codes = response
            .getIn(['content', 'application/problem+json', 'examples'])
            ?.keySeq()
            .join(', ')
          return h(
            Fragment,
            null,
            h(
              'tr',
              { className: 'explorer-error' },
              h(
                'td',
                { colSpan: 3 },
                h(
                  'button',
                  {
                    type: 'button',
                    'aria-expanded': open,
                    onClick: () => {
                      setOpen(!open)
                    },
                  },
                  h('b', null, code, ' ', meaning),
                  ' ',
                  h('span', null, codes),
                ),
              ),
            ),
            open && h(Original, props),
          )
        },
      responseBody: (ResponseBody) => (props) => {
        const { content, contentType } = props
        if (typeof content !== 'string' || !/json/i.test(contentType)) return h(ResponseBody, props)
        const code = { language: 'json', downloadable: true, fileName: 'response.json', canCopy: true }
        return h(
          'div',
          null,
          h('h5', null, 'Response body'),
          // Lines are shown unchanged.
          h(getComponent('HighlightCode', true), code, isLines(contentType) ? content : indent(content)),
        )
      },
    },
  }
}
