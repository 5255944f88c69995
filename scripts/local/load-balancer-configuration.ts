/** The configurations in deploy/ for two replicas on this machine. Only ports and paths change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'

/** The ports of the load balancer and of two replicas. */
export interface Ports {
  readonly port: number
  readonly replicas: readonly [number, number]
}

/** @param folder for its files; the user of its workers must be able to enter it */
export function nginxConfiguration({ port, replicas: [first, second] }: Ports, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `    ${name}_temp_path ${folder}/${name};\n`)
    .join('')
  return substitute('nginx/nginx.conf', {
    'server 127.0.0.1:3001 ': `server 127.0.0.1:${first} `,
    'server 127.0.0.1:3002 ': `server 127.0.0.1:${second} `,
    'listen 127.0.0.1:8080;': `listen 127.0.0.1:${port};`,
    '/run/nginx.pid': `${folder}/nginx.pid`,
    '/var/log/nginx/error.log': 'stderr',
    '/var/log/nginx/access.log': `${folder}/access.log`,
    'http {\n': `http {\n${temporary}`,
  })
}

export function haproxyConfiguration({ port, replicas: [first, second] }: Ports, statusPort: number): string {
  const isRoot = process.getuid?.() === 0
  return substitute('haproxy/haproxy.cfg', {
    'replica1 127.0.0.1:3001\n': `replica1 127.0.0.1:${first}\n`,
    'replica2 127.0.0.1:3002\n': `replica2 127.0.0.1:${second}\n`,
    'bind 127.0.0.1:8081': `bind 127.0.0.1:${port}`,
    'bind 127.0.0.1:8404': `bind 127.0.0.1:${statusPort}`,
    // Only root can change its user and its root.
    ...(!isRoot && { '    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n': '' }),
  })
}

/** Replaces each text, which must occur exactly once. */
function substitute(file: string, replacements: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(packageRoot, 'deploy', file), 'utf8')
  return Object.entries(replacements).reduce((result, [from, to]) => {
    const parts = result.split(from)
    if (parts.length !== 2)
      throw new Error(`${file} has ${JSON.stringify(from)} ${parts.length - 1} times, not once`)
    return parts.join(to)
  }, text)
}
