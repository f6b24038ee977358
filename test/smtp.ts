import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, headers and all. */
  readonly message: string;
}

export interface MailServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Mails to refuse, with a temporary error, before the next one is taken. */
  refuse(count: number): void;
  /** Until it is released, mails are taken and nobody is told. @returns how to release them */
  hold(): () => void;
  stop(): Promise<void>;
}

/** A mail server, on a free port unless told. It repeats the address when it refuses, as real ones do. */
export async function startMailServer(at = 0): Promise<MailServer> {
  const received: Received[] = [];
  let refusals = 0;
  let held: Promise<void> = Promise.resolve();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      if (refusals === 0) return done();
      refusals--;
      done(Object.assign(new Error(`<${address}> try again later`), { responseCode: 451 }));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        received.push({
          from,
          to: envelope.rcptTo.map(({ address }) => address),
          message: Buffer.concat(chunks).toString(),
        });
        void held.then(() => done());
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    refuse: (count) => (refusals = count),
    hold: () => {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
