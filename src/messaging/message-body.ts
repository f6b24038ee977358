import { convert } from 'html-to-text';
import { Marked } from 'marked';
import sanitize from 'sanitize-html';
import { type ContentType, escapeHtml, render, type Values } from './template.js';

/** A text as it is kept: what was written, and what that is as HTML. */
export interface KeptBody {
  readonly body: string;
  readonly contentType: ContentType;
  /** Of `htmlOf`. */
  readonly html: string | null;
}

const mostNested = 20;
/** Time grows with the square of their number: measured, 0.3 s for a thousand and 4 s for all that a body can hold. */
const mostSigns = 1_000;
const signs = /[*_~[\]<>`!@]|[-+] |\d[.)] /g;
const longestHtml = 200_000;

const marked = new Marked({
  breaks: true,
  // few characters make a table of millions of cells
  tokenizer: { table: () => undefined },
  renderer: { html: ({ text, block }) => (block ? `<p>${escapeHtml(text)}</p>` : escapeHtml(text)) },
});

/** No images: whoever keeps them would learn who looks at them, and when. */
const rules: sanitize.IOptions = {
  allowedTags: [
    'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'div', 'span', 'br', 'hr', 'blockquote', 'pre', 'code', 'ul', 'ol', 'li', 'a',
    'b', 'strong', 'i', 'em', 'u', 's', 'del', 'sub', 'sup', 'table', 'thead', 'tbody', 'tr', 'th', 'td',
  ], // prettier-ignore
  allowedAttributes: { a: ['href', 'rel'] },
  nestingLimit: mostNested,
  transformTags: {
    a: (_, { href }): sanitize.Tag => {
      const address = addressOf(href);
      if (address === null) return { tagName: 'span', attribs: {} };
      return { tagName: 'a', attribs: { href: address, rel: 'noopener noreferrer nofollow' } };
    },
  },
};

/**
 * What was written as HTML that is safe to show, variables and all: names, links and formats, nothing that runs, loads or
 * leads to another scheme than https and mailto. Done once, when it is written.
 * @returns null for what is to be shown as text: text, and Markdown that is a maze or makes far too much
 */
export function htmlOf(body: string, contentType: ContentType): string | null {
  if (contentType === 'text') return null;
  const html = contentType === 'html' ? body : parse(body);
  const safe = html === null ? null : sanitize(html, rules);
  return safe === null || safe.length > longestHtml ? null : safe;
}

/** As its recipient is to read it, in HTML and without; `html` is null where there is none. */
export function readable(kept: KeptBody, values: Values | null): { text: string; html: string | null } {
  const html = shownHtml(kept, values);
  if (html === null) return { text: render(kept.body, 'text', values), html };
  return { text: convert(html, { wordwrap: false, selectors: [{ selector: 'a', options: linkOptions }] }), html };
}

/** The HTML of it with the values in their places. */
export function shownHtml({ html }: KeptBody, values: Values | null): string | null {
  return html === null ? null : render(html, 'html', values);
}

/** The body for a reader: of HTML what is safe of it, since nobody is to be shown the rest by mistake. */
export function shownBody(kept: KeptBody, values: Values | null): string {
  const { body, contentType } = kept;
  return contentType === 'html' ? (shownHtml(kept, values) ?? '') : render(body, contentType, values);
}

const linkOptions = { hideLinkHrefIfSameAsText: true };

function parse(markdown: string): string | null {
  if ((markdown.match(signs)?.length ?? 0) > mostSigns) return null;
  try {
    return marked.parse(markdown, { async: false });
  } catch (error) {
    if (error instanceof RangeError) return null; // nested too deeply
    throw error;
  }
}

/** Written out in full, and without braces: a value in an address could make it another. */
function addressOf(href: string | undefined): string | null {
  const url = href !== undefined && URL.canParse(href) ? new URL(href) : null;
  if (url?.protocol !== 'https:' && url?.protocol !== 'mailto:') return null;
  return url.href.replaceAll('{', '%7B').replaceAll('}', '%7D');
}
