/** The admin port of a service that a test has started. */
import type { Service } from './service.js'

/** The value of each series, by its name and labels as they stand in the text: `a_total{reason="x"}`. */
export type Scrape = ReadonlyMap<string, number>

/** The URL of the admin port, which the service has logged. */
export function adminUrl({ log }: Service): string {
  const line = log.find(({ msg }) => msg === 'the admin port is open')
  if (typeof line?.['address'] !== 'string') throw new Error('the admin port is not open')
  return line['address']
}

export async function scrapeText(service: Service): Promise<string> {
  const response = await fetch(`${adminUrl(service)}/metrics`)
  return response.text()
}

export async function scrape(service: Service): Promise<Scrape> {
  const lines = (await scrapeText(service)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))] as const
    }),
  )
}

/** What each series has grown by; those that have not grown are left out. Buckets and times are left out, too. */
export function grown(before: Scrape, after: Scrape): Record<string, number> {
  const changes = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
  return Object.fromEntries(
    changes.filter(
      ([name, change]) => change !== 0 && !/_bucket|_seconds_sum|^process_|^v8js_|^nodejs_/.test(name),
    ),
  )
}
