import { freePort } from '../../src/local/free-port.js'

/** A port where a page names one: in an address, a setting, or a line of a proxy's configuration. */
const PORT = /(?<=(?:127\.0\.0\.1|localhost|\*|0\.0\.0\.0):|\b[A-Z_]*PORT=|\blisten )\d{4,5}\b/g

/** Gives every port on a page a free one instead, so that pages run while anything else does, and takes it back in outputs. */
export class Ports {
  readonly #free = new Map<string, string>()

  /** From now on, the port of the page stands for this one. */
  set(port: string, free: string): void {
    this.#free.set(port, free)
  }

  /** A text of the page, for this machine. */
  async here(text: string): Promise<string> {
    for (const [port] of text.matchAll(PORT)) {
      if (!this.#free.has(port)) this.#free.set(port, String(await freePort()))
    }
    return text.replace(PORT, (port) => this.#free.get(port) ?? port)
  }

  /** An output of this machine, as the page shows it. */
  onPage(output: string): string {
    let text = output
    for (const [port, free] of this.#free) text = text.replaceAll(`:${free}`, `:${port}`)
    return text
  }
}
