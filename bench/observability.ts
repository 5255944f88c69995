/** What observing costs: this service without it, with metrics, and with traces of some and of all requests, in alternating turns. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Plan } from './compare.js'
import type { Process } from './process.js'
import { compareVariants } from './variants.js'

/** Prints the CPU time of `get 400 B` with metrics and with traces, divided by that without. */
export async function compareObservability(
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  // A collector that takes everything. Its CPU time is not that of the service.
  const collector = createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  const traced = (ratio: number) => ({
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(ratio),
    },
    headers: {},
  })
  const variants = [
    ['metrics', { settings: { ADMIN_PORT: '0' }, headers: {} }],
    ['traces of 1 %', traced(0.01)],
    ['traces of 100 %', traced(1)],
  ] as const
  await compareVariants(variants, upstream, generator, plan, say)
  collector.close()
}
