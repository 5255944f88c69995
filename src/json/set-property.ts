/** Sets a property that may have any name: assigning to `__proto__` would set the prototype instead. */
export function setProperty<Value>(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true })
  else object[name] = value
}
