import type { TestApp } from './app.js';
import { until } from './jobs.js';
import type { Viewer } from '../src/http/viewer.js';
import type { DownloadLink, ReportResponse } from '../src/reports/reports.dto.js';

export type Asked = Readonly<Record<string, unknown>>;

/** As whoever is a person of the factories, or stands for one. */
export type Client = ReturnType<TestApp['as']>;

export async function ask(client: Client, body: Asked): Promise<ReportResponse> {
  const answer = await client
    .post('/reports')
    .send({ kind: 'roster', format: 'csv', ...body })
    .expect(202);
  return answer.body as ReportResponse;
}

/** Asks again until it is over, one way or another. */
export async function finished(client: Client, id: string): Promise<ReportResponse> {
  const [report] = await until(async () => {
    const report = (await client.get(`/reports/${id}`).expect(200)).body as ReportResponse;
    return ['queued', 'running'].includes(report.status) ? [] : [report];
  });
  return report!;
}

/** The link's way below the prefix. */
export async function linkOf(client: Client, id: string): Promise<string> {
  const { body } = (await client.get(`/reports/${id}/download-link`).expect(200)) as { body: DownloadLink };
  return body.url.replace('/api/v1', '');
}

export async function download(app: TestApp, client: Client, id: string): Promise<Buffer> {
  const response = await app.anonymous
    .get(await linkOf(client, id))
    .buffer(true)
    .parse((stream, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => done(null, Buffer.concat(chunks)));
    })
    .expect(200);
  const content = response.body as Buffer;
  if (content.length !== Number(response.headers['content-length'])) throw new Error('the length is another');
  return content;
}

/** Asks, waits and downloads. */
export async function reportOf(app: TestApp, viewer: Viewer, body: Asked): Promise<Buffer> {
  const client = app.as(viewer);
  const { id } = await ask(client, body);
  const report = await finished(client, id);
  if (report.status !== 'ready') throw new Error(`the report is ${report.status}: ${report.error}`);
  return download(app, client, id);
}

/** The rows of a CSV file without the mark and the header; enough for what is tested. */
export function csvRows(content: Buffer): string[][] {
  const text = content.toString().replace(/^\uFEFF/, '');
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (end === '\r\n') rows.push(row);
    row = [];
  }
  return rows;
}
