/**
 * Headers of every answer. They keep pages of other sites from using an answer in any way: from guessing what it is by its
 * bytes, from loading it as an image, a script or an object, which would tell whether an item exists, and from showing it
 * in a frame.
 */
export const SECURITY_HEADERS = {
  'content-security-policy': `default-src 'none'; frame-ancestors 'none'`,
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const
