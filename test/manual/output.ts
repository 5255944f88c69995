/**
 * Whether commands have printed what their page shows: byte for byte, but for line ends at the end. On the page, `…` stands
 * for one or more characters that differ each time, such as an id, a date or a duration; never for a quotation mark or
 * a line end, so it cannot hide a member of JSON.
 */
export function isAsShown(shown: string, printed: string): boolean {
  const parts = shown.trimEnd().split('…')
  if (parts.length === 1) return printed.trimEnd() === shown.trimEnd()
  return new RegExp(`^${parts.map(escapeRegExp).join('[^"\\n]+')}$`).test(printed.trimEnd())
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
