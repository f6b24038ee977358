import { escapeHtml } from '../messaging/template.js';
import type { PersonToTell, Readable, Row } from './sections.repository.js';

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#111}
h2{margin-top:2.5rem;border-bottom:1px solid #999}table{border-collapse:collapse;width:100%;font-size:13px}
th,td{border:1px solid #bbb;padding:.25rem .4rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th small{display:block;font-weight:normal;color:#555}td{white-space:pre-wrap}.none{color:#555}
@media print{body{margin:0;max-width:none}a{color:inherit;text-decoration:none}thead{display:table-header-group}
tr{break-inside:avoid}}`;

/** The file that people read: everything escaped, nothing fetched from anywhere. */
export class AccessPage {
  private readonly times: Intl.DateTimeFormat;

  constructor(
    private readonly person: PersonToTell,
    private readonly sections: readonly Readable[],
  ) {
    const { timeZone } = person;
    this.times = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'medium', timeStyle: 'medium' });
  }

  begin(createdAt: string): string {
    const { name, organisation, timeZone } = this.person;
    const title = `What ${organisation} keeps about ${name}`;
    const contents = this.sections.map((one) => `<li><a href="#${one.name}">${escapeHtml(one.title)}</a></li>`);
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer"><style>${style}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>Asked for on ${this.time(createdAt)}. Times are those of ${escapeHtml(timeZone)}. Of other people it holds only the
names of those whom you wrote with or who were responsible for you. Below the name of each field stands how it is called in
the file for machines.</p>
<nav><h2>Contents</h2><ol>${contents.join('')}</ol></nav>
`;
  }

  beginSection({ name, title }: Readable): string {
    return `<section id="${name}"><h2>${escapeHtml(title)}</h2>`;
  }

  /** Before the first row of a section. */
  beginRows({ words }: Readable): string {
    const heads = Object.entries(words).map(([field, word]) => `<th>${escapeHtml(word)}<small>${field}</small></th>`);
    return `<table><thead><tr>${heads.join('')}</tr></thead><tbody>\n`;
  }

  row({ words }: Readable, row: Row): string {
    return `<tr>${Object.keys(words)
      .map((field) => `<td>${this.cell(row[field])}</td>`)
      .join('')}</tr>\n`;
  }

  endSection(hadRows: boolean): string {
    return hadRows ? '</tbody></table></section>\n' : '<p class="none">Nothing is kept.</p></section>\n';
  }

  end(): string {
    return '</body></html>\n';
  }

  private cell(value: unknown): string {
    if (value === null || value === undefined) return '';
    if (typeof value === 'boolean') return value ? 'yes' : 'no';
    if (typeof value === 'string') return instant.test(value) ? this.time(value) : escapeHtml(value);
    return escapeHtml(typeof value === 'object' ? JSON.stringify(value) : String(value as number));
  }

  private time(value: string): string {
    return escapeHtml(this.times.format(new Date(value)));
  }
}
