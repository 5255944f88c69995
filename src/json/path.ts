/**
 * The JSON Pointer, such as `/item/tags/0`, to the value at a position of a text, in which names keep their escapes.
 * Walks the text from its start, brackets and strings only. That is slow, so it is for error messages alone.
 */
export function pathAt(text: string, position: number): string {
  // One step a level. Undefined: the object has no name yet.
  const path: (string | number | undefined)[] = []
  const token = /["[\]{},:]/g
  let name = ''
  for (let match = token.exec(text); match !== null && match.index < position; match = token.exec(text)) {
    const [found] = match
    const top = path.at(-1)
    if (found === '{') path.push(undefined)
    else if (found === '[') path.push(0)
    else if (found === '}' || found === ']') path.pop()
    else if (found === ',') path[path.length - 1] = typeof top === 'number' ? top + 1 : undefined
    else if (found === ':') path[path.length - 1] = name
    else {
      let end = token.lastIndex
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
      name = text.slice(token.lastIndex, end)
      token.lastIndex = end + 1
    }
  }
  return path.map((step) => (step === undefined ? '' : `/${step}`)).join('')
}
