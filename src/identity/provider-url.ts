import type { Config } from '../config.js';

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Whether keys may be fetched from there: https, or outside of production a server on this machine. */
export function isTrustedUrl(text: string, environment: Config['environment']): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname) && environment !== 'production');
}
