import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { AccessPage } from './access-page.js';
import type { AccessFormat } from './access-requests.dto.js';
import { type AccessPosition, AccessRequestsRepository, type BegunRequest } from './access-requests.repository.js';
import { type PersonToTell, type Readable, type ReadRow, sections, SectionsRepository } from './sections.repository.js';

export const keptDays = 30;
/** Rows that are read at once; the largest hold an attempt each. */
const pageRows = 200;
/** Characters of both files together that are kept in memory before they are stored, by and large. */
const partLength = 1_000_000;
const deflate = promisify(gzip);

/** It is no longer this attempt's to write: it was cancelled, or another worker has it. */
export class AccessLost extends Error {}
/** There is no such person any more. */
export class PersonGone extends Error {}

/**
 * Writes what is kept of a person, row after row, into two files at once. What is stored says how far it reaches, so
 * that a killed run is gone on with and memory holds a part and a page, whatever the person has done.
 */
@Injectable()
export class AccessWriter {
  constructor(
    private readonly requests: AccessRequestsRepository,
    private readonly sections: SectionsRepository,
    private readonly clock: Clock,
  ) {}

  /** @returns rows of all of it @throws AccessLost, PersonGone, or the signal's reason between two pages */
  async write(request: BegunRequest, signal: AbortSignal): Promise<number> {
    const person = await this.sections.findPerson(request.tenantId, request.personId);
    if (!person) throw new PersonGone();
    const draft = new Draft(request, person);
    let position = request.position ?? draft.begin();
    for (;;) {
      signal.throwIfAborted();
      const section = sections[position.section];
      if (!section) break;
      const personId = person.ids[position.person];
      if (personId === undefined) {
        position = draft.endSection(position);
        continue;
      }
      const page = await this.sections.readPage(request.tenantId, section, personId, pageRows, position.after);
      position = draft.add(section, page, position);
      if (draft.length >= partLength) await this.store(request, draft, position);
    }
    draft.end();
    await this.store(request, draft, position, true);
    return draft.rows;
  }

  private async store(request: BegunRequest, draft: Draft, position: AccessPosition, isLast = false): Promise<void> {
    const now = this.clock.now();
    const { contents, bytes } = await draft.take();
    const expiresAt = isLast ? new Date(now.getTime() + keptDays * 86_400_000) : null;
    const parts = { contents, bytes, position, rows: draft.rows, expiresAt };
    if (!(await this.requests.storeParts(request.tenantId, request, parts, now))) throw new AccessLost();
  }
}

/** What is written and not yet stored. */
class Draft {
  rows: number;
  private json = '';
  private html = '';
  private readonly page: AccessPage;

  constructor(
    private readonly request: BegunRequest,
    private readonly person: PersonToTell,
  ) {
    this.rows = request.rows;
    this.page = new AccessPage(person, sections);
  }

  get length(): number {
    return this.json.length + this.html.length;
  }

  begin(): AccessPosition {
    const { personId, createdAt } = this.request;
    const { name, organisation, timeZone } = this.person;
    const head = { person: { id: personId, name }, organisation, timeZone, createdAt };
    this.json += `${JSON.stringify(head).slice(0, -1)},"sections":{`;
    this.html += this.page.begin(createdAt);
    this.beginSection(0);
    return { section: 0, person: 0, after: null, isBegun: false };
  }

  /** Rows of one page, perhaps none. @returns where to go on */
  add(section: Readable, rows: readonly ReadRow[], at: AccessPosition): AccessPosition {
    let { isBegun } = at;
    for (const { row } of rows) {
      if (!isBegun) this.html += this.page.beginRows(section);
      this.json += `${isBegun ? ',' : ''}\n${JSON.stringify(row)}`;
      this.html += this.page.row(section, row);
      isBegun = true;
    }
    this.rows += rows.length;
    const last = rows.at(-1);
    if (last && rows.length === pageRows) return { ...at, isBegun, after: last.key };
    return { ...at, isBegun, person: at.person + 1, after: null };
  }

  endSection({ section, isBegun }: AccessPosition): AccessPosition {
    this.json += ']}';
    this.html += this.page.endSection(isBegun);
    this.beginSection(section + 1);
    return { section: section + 1, person: 0, after: null, isBegun: false };
  }

  end(): void {
    this.json += '\n}}\n';
    this.html += this.page.end();
  }

  /** Compressed, and gone from here. */
  async take(): Promise<Record<'contents', Record<AccessFormat, Buffer>> & { bytes: Record<AccessFormat, number> }> {
    const [json, html] = [Buffer.from(this.json), Buffer.from(this.html)];
    this.json = '';
    this.html = '';
    const level = { level: 4 };
    return {
      contents: { json: await deflate(json, level), html: await deflate(html, level) },
      bytes: { json: json.length, html: html.length },
    };
  }

  private beginSection(index: number): void {
    const section = sections[index];
    if (!section) return;
    const { name, title, words } = section;
    const told = JSON.stringify({ title, fields: words }).slice(0, -1);
    this.json += `${index > 0 ? ',' : ''}\n${JSON.stringify(name)}:${told},"rows":[`;
    this.html += this.page.beginSection(section);
  }
}
