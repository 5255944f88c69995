import { open, stat } from 'node:fs/promises'

/**
 * Reads a file that an operator has written, as UTF-8.
 * @param maxBytes the most that such a file can have
 * @throws Error if it cannot be read, is no file, or is larger
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<string> {
  // Opening a named pipe would wait until another process opens it for writing.
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`)
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
