/** For a dynamic import: the build finds the exports of a CommonJS package only through a static one. */
export { Redis } from 'ioredis'
