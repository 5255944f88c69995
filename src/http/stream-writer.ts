import type { Writable } from 'node:stream'
import type { CancelSignal } from '../storage/call/cancellation.js'

/** The most that is written at a time. The reader has the whole timeout for each such slice. */
const SLICE_BYTES = 64 * 1024

/**
 * Writes to a stream with back-pressure: resolves when the reader has taken enough for more to be written.
 * @param timeoutMs the longest wait for the reader, in ms
 * @throws Error if the reader takes nothing in that time, or if the signal is aborted
 */
export async function writeWithBackPressure(
  stream: Writable,
  bytes: Buffer,
  timeoutMs: number,
  signal: CancelSignal,
): Promise<void> {
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    if (!stream.write(bytes.subarray(start, start + SLICE_BYTES))) await drained(stream, timeoutMs, signal)
  }
}

/** Waits until the reader has taken everything that was written. */
function drained(stream: Writable, timeoutMs: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(timer)
      stream.off('drain', finish)
      signal.removeEventListener('abort', onAbort)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onAbort = () => {
      finish(new Error('the stream was canceled'))
    }
    const timer = setTimeout(() => {
      finish(new Error('the reader took nothing within REQUEST_TIMEOUT_MS'))
    }, timeoutMs)
    stream.on('drain', finish)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
}
