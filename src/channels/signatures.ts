import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** As it is told to whoever verifies. */
export function showSecret(secret: Buffer): string {
  return prefix + secret.toString('base64');
}

/**
 * The headers by which a receiver knows who calls, that nobody has changed the body, and whether it has had this before:
 * those of Standard Webhooks (https://www.standardwebhooks.com).
 * @param secrets each of which signs, so that a receiver may have any of them
 */
export function signedHeaders(
  secrets: readonly Buffer[],
  id: string,
  now: Date,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = Math.floor(now.getTime() / 1000);
  const sign = (secret: Buffer): string =>
    `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': secrets.map(sign).join(' '),
  };
}
