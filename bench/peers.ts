/** Programs in C that pass bytes on, unsigned and unread, as the floor does: one worker, without a log. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '../test/helpers/executable.js'
import { freePort } from '../src/local/free-port.js'
import type { PeerName } from './names.js'
import { Process, SUBJECT } from './process.js'

interface Peer {
  readonly configuration: (port: number, upstream: number, folder: string) => string
  readonly args: (file: string) => readonly string[]
}

const peers: Readonly<Record<PeerName, Peer>> = {
  nginx: {
    // Without a master, the only process is the one that works: its CPU time is all.
    configuration: (port, upstream, folder) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  # No body of a case is written to a file.
  client_max_body_size 16m;
  client_body_buffer_size 256k;
  proxy_buffers 32 16k;
  keepalive_requests 1000000000;
  upstream dynamodb {
    server 127.0.0.1:${upstream};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://dynamodb;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
    args: (file) => ['-e', 'stderr', '-c', file],
  },
  haproxy: {
    configuration: (port, upstream) => `
global
  nbthread 1
  maxconn 1024
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  default_backend dynamodb
backend dynamodb
  server dynamodb 127.0.0.1:${upstream}
`,
    args: (file) => ['-db', '-f', file],
  },
}

export const isPeer = (name: string): name is PeerName => Object.hasOwn(peers, name)
export const isInstalled = (name: PeerName) => findExecutable(name) !== undefined

export async function startPeer(name: PeerName, upstream: Process): Promise<Process> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const { configuration, args } = peers[name]
  const file = join(folder, 'configuration')
  writeFileSync(file, configuration(port, upstream.port, folder))
  return Process.start(args(file), SUBJECT, { program: findExecutable(name), port })
}
