import { escapeHtml } from '../messaging/template.js';
import type { Outgoing } from './channel.js';

interface Around {
  /** The name of the tenant. */
  readonly organisation: string;
  readonly unsubscribeUrl: string;
}

type Content = Pick<Outgoing, 'subject' | 'text' | 'html' | 'actionUrl'>;

/** The two forms of a mail: what is to be read, who sends it, where it leads, and how to have no more of it. */
export function frame(content: Content, { organisation, unsubscribeUrl }: Around): { text: string; html: string } {
  const { subject, text, actionUrl } = content;
  const why = `${line(organisation)} sends you this because your account there says so.`;
  return {
    text: [text.trimEnd(), actionUrl ?? [], `${why} To have no more of these: ${unsubscribeUrl}`].flat().join('\n\n'),
    // of tables, styles and pictures there are none: every reader of mails, and every reader of screens, can show this
    html: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="max-width: 40em; margin: 1em auto; padding: 0 1em; font: 1em/1.5 sans-serif">
<p>${escapeHtml(line(organisation))}</p>
<h1 style="font-size: 1.4em">${escapeHtml(subject)}</h1>
<main>${content.html ?? paragraphs(text)}</main>
${actionUrl === null ? '' : `<p><a href="${escapeHtml(actionUrl)}">Open in the application</a></p>`}
<hr>
<p style="font-size: .9em">${escapeHtml(why)} <a href="${escapeHtml(unsubscribeUrl)}">Have no more of these</a>.</p>
</body>
</html>
`,
  };
}

function paragraphs(text: string): string {
  const parts = text.trim().split(/\n{2,}/);
  return parts.map((part) => `<p>${escapeHtml(part).replaceAll('\n', '<br>\n')}</p>`).join('\n');
}

/** What became several lines would be no name any more. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
