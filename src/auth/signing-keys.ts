import { hkdfSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { type JWK } from 'jose';
import type { Config } from '../config.js';
import type { Clock } from '../database/clock.js';
import { ensureKeyFile, keyFileOf, parseKeys, settlingSeconds, type SigningKey } from './key-file.js';

/** The file is small and looked at when a key is wanted: no timer, and no key that this process alone still believes in. */
const freshMilliseconds = 5_000;
/** A key that is not known may have come a moment ago; tokens with invented ones cost no more than this. */
const unknownMilliseconds = 1_000;

/** The keys of access tokens as the file has them now: a rotation reaches every process without a restart. */
export class SigningKeys {
  private readonly logger = new Logger('SigningKeys');
  private text = '';
  private keys: readonly SigningKey[] = [];
  private lookedAt = -Infinity;

  /** @throws Error with one clear line when the file cannot be read or holds anything else */
  constructor(
    private readonly file: string,
    private readonly clock: Clock,
  ) {
    try {
      this.look();
    } catch (cause) {
      throw new Error(`the keys of tokens cannot be read from ${file}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Another one whenever the keys are others. */
  get revision(): unknown {
    return this.current(freshMilliseconds);
  }

  /** The newest key that every process knows; of a new installation, the oldest. */
  signer(): SigningKey {
    const settled = this.clock.now().getTime() - settlingSeconds * 1000;
    const keys = this.current(freshMilliseconds);
    return keys.find(({ createdAt }) => createdAt.getTime() <= settled) ?? keys.at(-1)!;
  }

  verifier(kid: string): KeyObject | null {
    const find = (keys: readonly SigningKey[]): KeyObject | undefined => keys.find((key) => key.kid === kid)?.publicKey;
    return find(this.current(freshMilliseconds)) ?? find(this.current(unknownMilliseconds)) ?? null;
  }

  /** A secret for one purpose alone (RFC 5869), to sign with what only our processes verify. */
  secret(purpose: string): Buffer {
    return secretOf(this.signer(), purpose);
  }

  /** Every secret of that purpose that counts at present: they come and go with the keys. */
  secrets(purpose: string): Buffer[] {
    return this.current(unknownMilliseconds).map((key) => secretOf(key, purpose));
  }

  /** What others need to verify our tokens, newest first. */
  published(): JWK[] {
    return this.current(freshMilliseconds).map(({ kid, publicKey }) => ({
      ...(publicKey.export({ format: 'jwk' }) as JWK),
      kid,
      alg: 'ES256',
      use: 'sig',
    }));
  }

  private current(milliseconds: number): readonly SigningKey[] {
    const age = this.clock.now().getTime() - this.lookedAt;
    if (age >= milliseconds || age < 0) {
      try {
        this.look();
      } catch (error) {
        const reason = (error as Error).message;
        this.logger.error(
          `the keys of tokens cannot be read from ${this.file}: ${reason}; going on with the last ones`,
        );
      }
    }
    return this.keys;
  }

  private look(): void {
    this.lookedAt = this.clock.now().getTime();
    const text = readFileSync(this.file, 'utf8');
    if (text === this.text) return;
    this.keys = parseKeys(text);
    this.text = text;
  }
}

function secretOf({ privateKey }: SigningKey, purpose: string): Buffer {
  const material = privateKey.export({ format: 'der', type: 'pkcs8' });
  return Buffer.from(hkdfSync('sha256', material, '', purpose, 32));
}

/** Those that the configuration names, or our own in the data directory, made by the process that first asks for them. */
export async function openSigningKeys(config: Pick<Config, 'auth' | 'dataDir'>, clock: Clock): Promise<SigningKeys> {
  const file = keyFileOf(config);
  if (!config.auth.keysFile) await ensureKeyFile(file, clock.now());
  return new SigningKeys(file, clock);
}
