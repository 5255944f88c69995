/** The parts of pages that are generated. */

/** A table in Prettier's format: columns are padded to their widest cell. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const rule = widths.map((width) => '-'.repeat(width))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`
  return [head, rule, ...rows].map(line).join('')
}

/**
 * A page with the text between the lines `<!-- NAME: npm run … writes this -->` and `<!-- end of NAME -->` replaced.
 * @throws Error if the page does not have these lines
 */
export function withSection(page: string, name: string, text: string): string {
  const begin = new RegExp(`<!-- ${name}: npm run \\w+ writes this -->\\n\\n`).exec(page)
  const end = page.indexOf(`\n<!-- end of ${name} -->`)
  if (begin === null || end === -1) throw new Error(`the page has no section ${name}`)
  return page.slice(0, begin.index + begin[0].length) + text + page.slice(end)
}
