/** The names and indexes of a JSON Pointer, from the outside in (RFC 6901, section 4): `a/b` and `0` of `/a~1b/0`. */
export function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
