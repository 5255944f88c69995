/** A subscriber of changes, as a test has it: it takes changes, and goes on elsewhere when it is told to. */
import type { Storage } from '../../src/storage/client.js'
import { Cancellation } from '../../src/storage/call/cancellation.js'
import type { From, PositionedChange, Subscription } from '../../src/storage/streams/subscription.js'
import { scaled } from './machine-speed.js'

/** Subscribes with the settings of a test. */
export function subscribe(
  storage: Storage,
  table: string,
  from: From,
  options: Partial<Parameters<Storage['changes']>[2]> = {},
): Promise<Subscription> {
  return storage.changes(table, from, {
    signal: new Cancellation(),
    maxBufferedBytes: 1024 * 1024,
    timeoutMs: scaled(10_000),
    ...options,
  })
}

/** The error that a subscription or its start ends with. */
export async function failureOf(subscription: Promise<Subscription> | Subscription): Promise<unknown> {
  try {
    for await (const { length } of await subscription) if (length === 0) break
  } catch (error) {
    return error
  }
  return undefined
}

/** Takes changes until there are `count`, and closes. */
export async function take(subscription: Subscription, count: number): Promise<PositionedChange[]> {
  const taken: PositionedChange[] = []
  for await (const batch of subscription) {
    taken.push(...batch)
    if (taken.length >= count) break
  }
  return taken
}

interface Images {
  readonly id: { readonly S: string }
  readonly v: { readonly N: string }
}

/** The item and its value: `a 1`. */
export function summary({ change }: PositionedChange): string {
  const { id, v } = JSON.parse(String(change.newItem ?? change.keys)) as Images
  return `${id.S} ${v.N}`
}
