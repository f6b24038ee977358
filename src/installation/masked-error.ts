/** System calls that failed, and classes of errors. */
const known =
  /^(?:E(?:ACCES|AI_AGAIN|CONN[A-Z]+|ENVELOPE|HOSTUNREACH|NOENT|NOSPC|NOTFOUND|PIPE|SOCKET|TIMEDOUT|AUTH)|(?:[A-Z][a-z]+)*(?:Error|Failure)|SMTP|RCPT|TO|MAIL|FROM|HTTP|SQL|JSON|UTC)$/;
/** Words of our own sentences, and names of columns and constraints. */
const plain = /^[a-z]+(?:_+[a-z]+)*$/;

/**
 * An error's text without what could be data: quoted passages, values in brackets, addresses, numbers, ids and names.
 * What is not known to be harmless becomes `…`.
 */
export function maskError(text: string): string {
  return (
    text
      .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|‘[^’]*’|«[^»]*»|\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|<[^>]*>/g, ' … ')
      // what was opened and never closed
      .replace(/["`“‘«([{<].*$/s, ' … ')
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => {
        const [, core = '', end = ''] = /^(.*?)([.,:;!?]*)$/s.exec(word)!;
        return (known.test(core) || plain.test(core) ? core : '…') + end;
      })
      .join(' ')
      .replaceAll(/…(?: …)+/g, '…')
  );
}
