import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import pg from 'pg';
import type { PeerTask } from './load.js';

/** The least that could answer the same: what we are compared with. */
process.once('message', (task: PeerTask) => void serve(task));
process.on('disconnect', () => process.exit(0));

async function serve(task: PeerTask): Promise<void> {
  if (task.kind === 'bytes') {
    const body = Buffer.from(task.body);
    const fastify = Fastify();
    fastify.get('/*', (_request, reply) => reply.header('content-type', 'application/json; charset=utf-8').send(body));
    process.send!(await fastify.listen({ host: '127.0.0.1', port: 0 }));
    return;
  }
  const pool = new pg.Pool({
    connectionString: task.databaseUrl,
    max: 20,
    options: '-c plan_cache_mode=force_generic_plan',
  });
  const names = new Map<string, string>();
  const nameOf = (sql: string): string => {
    if (!names.has(sql)) names.set(sql, `peer_${names.size}`);
    return names.get(sql)!;
  };
  const server = createServer((request, response) => {
    const statements = task.calls[Number(request.url!.slice(1))]!;
    Promise.all(
      statements.map(({ sql, parameters }) => pool.query({ name: nameOf(sql), text: sql, values: [...parameters] })),
    ).then(
      (results) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(results.map(({ rows }) => rows as unknown[])));
      },
      () => response.writeHead(500).end(),
    );
  });
  server.listen(0, '127.0.0.1', () => {
    process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}
