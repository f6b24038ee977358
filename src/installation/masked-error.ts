/** System calls that failed, and classes of errors. */
const known =
  /^(?:E(?:ACCES|AI_AGAIN|CONN[A-Z]+|ENVELOPE|HOSTUNREACH|NOENT|NOSPC|NOTFOUND|PIPE|SOCKET|TIMEDOUT|AUTH)|(?:[A-Z][a-z]+)*(?:Error|Failure)|SMTP|RCPT|TO|MAIL|FROM|HTTP|SQL|JSON|UTC)[.,:;!?]*$/;
/** Words of our own sentences, and names of columns and constraints. */
const plain = /^[a-z]+(?:_+[a-z]+)*[.,:;!?]*$/;
/** With its end, or to the end of the text where it has none. */
const enclosed =
  /"[^"]*(?:"|$)|'[^']*(?:'|$)|`[^`]*(?:`|$)|“[^”]*(?:”|$)|‘[^’]*(?:’|$)|«[^»]*(?:»|$)|\([^)]*(?:\)|$)|\[[^\]]*(?:\]|$)|\{[^}]*(?:\}|$)|<[^>]*(?:>|$)/g;

/**
 * An error's text without what could be data: quoted passages, values in brackets, addresses, numbers, ids and names.
 * What is not known to be harmless becomes `…`.
 */
export function maskError(text: string): string {
  return text
    .replaceAll(enclosed, ' … ')
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => (known.test(word) || plain.test(word) ? word : `…${/[.,:;!?]$/.exec(word)?.[0] ?? ''}`))
    .join(' ')
    .replaceAll(/…(?: …)+/g, '…');
}
