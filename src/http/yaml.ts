/** To be imported when it is needed: the build finds the names of a CommonJS package only in a static import. */
export { parse } from 'yaml'
