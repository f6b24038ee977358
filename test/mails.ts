import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface WrittenMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Of the link in it. */
  readonly token: string;
}

/** The mails that were written down below a data directory, oldest first. */
export async function readMails(dataDir: string): Promise<WrittenMail[]> {
  const directory = join(dataDir, 'mail');
  const names = await readdir(directory).catch(() => []);
  const mails = await Promise.all(names.sort().map((name) => readFile(join(directory, name), 'utf8')));
  return mails.filter((message) => message.endsWith('\r\n')).map(parseMail);
}

export function parseMail(message: string): WrittenMail {
  const [head = '', body = ''] = message.split(/\r\n\r\n(.*)/s);
  const header = (name: string): string => new RegExp(`^${name}: (.*)\r?$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const text = body
    .replaceAll('=\r\n', '')
    .replaceAll(/(?:=[0-9A-F]{2})+/g, (codes) => Buffer.from(codes.replaceAll('=', ''), 'hex').toString());
  return {
    to: header('to'),
    subject: header('subject'),
    text,
    token: /#token=([\w-]+)/.exec(text)?.[1] ?? '',
  };
}
