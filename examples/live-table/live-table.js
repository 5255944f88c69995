/* global AbortController, document, fetch, FormData, location, URL */
/**
 * Shows a table and every change of it, as it happens. It reads the items once and applies the changes to them. Values are
 * in DynamoDB's own types, since a browser would round long numbers.
 */
import { follow } from './follow.js'

const MAX_ITEMS = 1000
const form = document.querySelector('#source')
const status = document.querySelector('#status')
const count = document.querySelector('#count')
const head = document.querySelector('thead')
const body = document.querySelector('tbody')

const say = (text) => {
  status.textContent = text
}

/** Stops following. */
let stop = () => undefined

const wanted = new URL(location.href).searchParams
for (const name of ['service', 'table']) {
  if (wanted.has(name)) form.elements[name].value = wanted.get(name)
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  void start()
})
if (wanted.has('table')) void start()

async function start() {
  stop()
  const aborted = new AbortController()
  stop = () => {
    aborted.abort()
  }
  const { service, table, key } = Object.fromEntries(new FormData(form))
  const url = `${service.replace(/\/$/, '')}/v1/tables/${encodeURIComponent(table)}`
  const headers = { accept: 'application/vnd.dynamodb+json', ...(key !== '' && { 'x-api-key': key }) }
  const get = async (address) => {
    const answer = await fetch(address, { headers, signal: aborted.signal })
    const content = await answer.json()
    if (!answer.ok) throw new Error(content.detail)
    return content
  }
  try {
    const described = await get(url)
    const rows = new Rows(described.table.keySchema.map(({ attributeName }) => attributeName))
    // The changes begin before the items are read, so that none is missed in between. A change that the items have already
    // is applied again, and those behind it follow.
    let early = []
    await follow(`${url}/changes?representation=typed`, {
      headers,
      signal: aborted.signal,
      say,
      change: (one) => {
        if (early === undefined) rows.apply(one)
        else early.push(one)
      },
      begin: async () => {
        early = []
        const { items } = await get(`${url}/items?limit=${MAX_ITEMS}`)
        rows.fill(items)
        for (const one of early) rows.apply(one)
        early = undefined
      },
    })
  } catch (error) {
    if (!aborted.signal.aborted) say(error.message)
  }
}

/** The rows of the table on the page, by the keys of their items. */
class Rows {
  #keyNames
  #columns = []
  #rows = new Map()
  #items = new Map()

  constructor(keyNames) {
    this.#keyNames = keyNames
  }

  fill(items) {
    this.#rows.clear()
    this.#items.clear()
    this.#columns = []
    body.replaceChildren()
    for (const item of items) this.#set(item, '')
    this.#describe()
  }

  apply({ event, keys, newItem }) {
    if (event === 'REMOVE') {
      const id = this.#idOf(keys)
      this.#rows.get(id)?.remove()
      this.#rows.delete(id)
      this.#items.delete(id)
    } else this.#set(newItem ?? keys, event)
    this.#describe()
  }

  #set(item, event) {
    const id = this.#idOf(item)
    this.#items.set(id, item)
    const names = [
      ...this.#keyNames,
      ...Object.keys(item)
        .filter((name) => !this.#keyNames.includes(name))
        .sort(),
    ]
    const added = names.filter((name) => !this.#columns.includes(name))
    if (added.length > 0) {
      this.#columns.push(...added)
      for (const [other, row] of this.#rows) this.#draw(row, this.#items.get(other))
    }
    const row = document.createElement('tr')
    row.className = event
    this.#draw(row, item)
    const old = this.#rows.get(id)
    if (old === undefined) body.prepend(row)
    else old.replaceWith(row)
    this.#rows.set(id, row)
  }

  #draw(row, item) {
    row.replaceChildren(
      ...this.#columns.map((name, index) =>
        cell(index < this.#keyNames.length ? 'th' : 'td', textOf(item[name])),
      ),
    )
    for (const header of row.querySelectorAll('th')) header.scope = 'row'
  }

  #describe() {
    count.textContent = `${this.#rows.size} items`
    const row = document.createElement('tr')
    row.append(...this.#columns.map((name) => cell('th', name)))
    for (const header of row.children) header.scope = 'col'
    head.replaceChildren(row)
  }

  #idOf(item) {
    return JSON.stringify(this.#keyNames.map((name) => item[name]))
  }
}

function cell(name, text) {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

/** An AttributeValue, such as `{"N": "12.50"}`, as people read it. */
function textOf(value) {
  if (value === undefined) return ''
  const [[type, content]] = Object.entries(value)
  if (type === 'M') return JSON.stringify(content)
  if (type === 'L') return content.map(textOf).join(', ')
  return type === 'NULL' ? 'null' : String(Array.isArray(content) ? content.join(', ') : content)
}
