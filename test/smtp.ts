import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, headers and all. */
  readonly message: string;
}

export interface Refusal {
  readonly code: number;
  /** Of the answer; `<address>` stands behind it. */
  readonly text: string;
  /** `RCPT` unless told. */
  readonly at?: 'MAIL' | 'RCPT' | 'DATA';
}

export interface MailServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Mails to refuse, with a temporary error unless told, before the next one is taken. */
  refuse(count: number, answer?: Refusal): void;
  /** How mails are taken from now on: as usual, cut off in the middle of their text, or greeted after so long. */
  behave(behaviour: 'well' | 'dying' | { readonly greetsAfterMilliseconds: number }): void;
  /** Until it is released, mails are taken and nobody is told. @returns how to release them */
  hold(): () => void;
  stop(): Promise<void>;
}

const later: Refusal = { code: 451, text: 'try again later' };

/** A mail server, on a free port unless told. It repeats the address when it refuses, as real ones do. */
export async function startMailServer(at = 0): Promise<MailServer> {
  const received: Received[] = [];
  let refusals = 0;
  let held: Promise<void> = Promise.resolve();
  let refusal: Refusal = later;
  let behaviour: Parameters<MailServer['behave']>[0] = 'well';
  /** @returns the error of whoever is refused at this place */
  const refused = (place: Refusal['at'], address: string): Error | undefined => {
    if (refusals === 0 || (refusal.at ?? 'RCPT') !== place) return undefined;
    refusals--;
    return Object.assign(new Error(`${refusal.text} <${address}>`), { responseCode: refusal.code });
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect(_session, done) {
      if (typeof behaviour === 'string') done();
      else setTimeout(done, behaviour.greetsAfterMilliseconds);
    },
    onMailFrom: ({ address }, _session, done) => done(refused('MAIL', address)),
    onRcptTo: ({ address }, _session, done) => done(refused('RCPT', address)),
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (behaviour === 'dying') sockets.forEach((socket) => socket.destroy());
      });
      stream.on('end', () => {
        if (behaviour === 'dying') return;
        const error = refused('DATA', envelope.rcptTo[0]!.address);
        if (error) return done(error);
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
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    refuse: (count, answer = later) => {
      refusals = count;
      refusal = answer;
    },
    behave: (next) => (behaviour = next),
    hold: () => {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
