import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type BlockList, isIP, type LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { isPublic, listOf } from './addresses.js';

/** What somebody else's server said. */
export interface Reply {
  readonly status: number;
  /** Seconds, as `Retry-After` has them; null where it says nothing that can be understood. */
  readonly retryAfterSeconds: number | null;
  /** The beginning. */
  readonly body: string;
}

/** The URL leads where it must not. Says nothing of where that is: what names mean inside is nobody's business. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Of an answer; the connection is closed behind it. */
const longestAnswerBytes = 16_384;
/** To one server, from this process. */
const mostConnections = 8;

type Resolve = (
  name: string,
  options: { readonly all: true; readonly family?: number },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks names up for a connection, which then goes to an address that has been looked at: what the same name means a
 * moment later counts for nothing. A name with one address that may not be reached has none that may.
 */
export function guardedLookup(mayReach: (address: string) => boolean, resolve: Resolve = resolveName): LookupFunction {
  return (name, { family, all }, done) => {
    resolve(name, { all: true, family: typeof family === 'number' ? family : undefined }, (error, addresses) => {
      if (error) return done(error, []);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => mayReach(address))) {
        return done(new AddressRefused('the name leads to an address that is not allowed'), []);
      }
      if (all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

/** Calls servers that a tenant has named, and no server of ours: whoever may set a URL must not see our network by it. */
@Injectable()
export class Outside {
  private readonly settings: Config['webhooks'];
  private readonly allowed: BlockList;
  private readonly lookup: LookupFunction;
  private readonly httpAgent = new HttpAgent({ maxSockets: mostConnections });
  private readonly httpsAgent = new HttpsAgent({ maxSockets: mostConnections });

  constructor({ webhooks }: Config) {
    this.settings = webhooks;
    this.allowed = listOf(webhooks.networks);
    this.lookup = guardedLookup((address) => this.mayReach(address));
  }

  /** Why this URL would never be called, for whoever sets it; null where nothing is known against it. */
  async findFault(text: string, signal: AbortSignal): Promise<string | null> {
    const fault = this.faultOf(text);
    if (fault !== null) return fault;
    const { hostname } = new URL(text);
    if (isIP(bare(hostname))) return null;
    const refused = new Promise<boolean>((resolve) => {
      // a name that means nothing yet may do so later, and is looked up for each call
      this.lookup(hostname, { all: true }, (error) => resolve(error instanceof AddressRefused));
      signal.addEventListener('abort', () => resolve(false));
    });
    return (await refused) ? 'must not lead to a private address' : null;
  }

  /**
   * Sends JSON and waits for the answer, for as long as WEBHOOK_TIMEOUT_SECONDS in all. Follows no redirect.
   * @throws AddressRefused where the URL must not lead
   * @throws Error with a `code` when there is no answer
   */
  async post(
    url: string,
    { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
    signal: AbortSignal,
  ): Promise<Reply> {
    const fault = this.faultOf(url);
    if (fault !== null) throw new AddressRefused(`the URL ${fault}`);
    const target = new URL(url);
    const ends = AbortSignal.any([signal, AbortSignal.timeout(this.settings.timeoutSeconds * 1000)]);
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        lookup: this.lookup,
        signal: ends,
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'instructor-dashboard',
        },
      };
      const request =
        target.protocol === 'https:'
          ? httpsRequest(target, { ...options, agent: this.httpsAgent })
          : httpRequest(target, { ...options, agent: this.httpAgent });
      request.on('error', reject);
      request.on('response', (response) => void read(response).then(resolve));
      request.end(body);
    });
  }

  /** What is wrong with the text of a URL. */
  private faultOf(text: string): string | null {
    if (!URL.canParse(text)) return 'must be a URL';
    const { protocol, username, password, hash, hostname } = new URL(text);
    if (protocol !== 'https:' && !(protocol === 'http:' && this.settings.plainHttp)) return 'must begin with https://';
    if (username !== '' || password !== '') return 'must not hold credentials';
    if (hash !== '') return 'must not have a fragment';
    // names are looked at when they are looked up; numbers of any notation are addresses by now
    const address = bare(hostname);
    return isIP(address) && !this.mayReach(address) ? 'must not lead to a private address' : null;
  }

  private mayReach(address: string): boolean {
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    return this.settings.privateAddresses || isPublic(address) || this.allowed.check(address, family);
  }
}

/** An IPv6 address stands in brackets in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The answer with the beginning of its body: once there is a status nothing that comes after it matters. */
async function read(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= longestAnswerBytes) break; // which destroys the response
    }
  } catch {
    // cut off, or out of time
  }
  const body = Buffer.concat(chunks).subarray(0, longestAnswerBytes).toString();
  return { status: response.statusCode!, retryAfterSeconds: secondsOf(response.headers['retry-after']), body };
}

/** RFC 9110, 10.2.3, of which only the number is read: the other form depends on whose clock is right. */
function secondsOf(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : null;
}
