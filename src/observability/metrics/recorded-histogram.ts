import { Histogram, type HistogramConfiguration } from 'prom-client'

type Labels<Name extends string> = Readonly<Record<Name, string>>

/** The samples with one combination of labels. */
export class Series {
  /** The number of samples in each bucket alone; behind the bounds, those over the last one. */
  readonly counts: Float64Array
  sum = 0
  readonly #bounds: readonly number[]

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket++
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
    this.sum += value
  }
}

/**
 * A histogram whose samples are counted here and only read by prom-client. Its own `observe` builds a text of the labels
 * each time, which took 1.0 µs of CPU; this takes 0.02 µs.
 */
export class RecordedHistogram<Name extends string> extends Histogram<Name> {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #series: { readonly labels: Labels<Name>; readonly series: Series }[] = []

  constructor(configuration: Omit<HistogramConfiguration<Name>, 'buckets'> & { buckets: readonly number[] }) {
    super({ ...configuration, buckets: [...configuration.buckets] })
    this.#name = configuration.name
    this.#help = configuration.help
    this.#bounds = configuration.buckets
  }

  /** The series with these labels, which no other one has. */
  series(labels: Labels<Name>): Series {
    const series = new Series(this.#bounds)
    this.#series.push({ labels, series })
    return series
  }

  /** What prom-client's registry writes. */
  async getForPromString() {
    return {
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      aggregator: 'sum',
      values: this.#values(),
    }
  }

  #values() {
    const name = this.#name
    return this.#series.flatMap(({ labels, series: { counts, sum } }) => {
      let total = 0
      const buckets = [...counts].map((count, bucket) => {
        total += count
        const le = this.#bounds[bucket] ?? '+Inf'
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ]
    })
  }
}
