import { createHash } from 'node:crypto';

/**
 * By which a bounce that comes later is known. It tells the address, too, to whoever knows that already: what comes back
 * from an address that somebody had says nothing of the one they have by now.
 * @param from the sender, `Name <address>`
 */
export function messageIdOf(deliveryId: string, address: string, from: string): string {
  const domain = /@([\w.-]+)>?$/.exec(from)?.[1] ?? 'localhost';
  return `<${deliveryId}.${markOf(address)}@${domain}>`;
}

/** Of an address, in whatever case. */
export function markOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('hex').slice(0, 8);
}

/** @returns null for an id that we did not make */
export function readMessageId(text: string): { readonly deliveryId: string; readonly mark: string } | null {
  const match = /^<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9a-f]{8})@[\w.-]+>?$/i.exec(text.trim());
  return match && { deliveryId: match[1]!.toLowerCase(), mark: match[2]!.toLowerCase() };
}
