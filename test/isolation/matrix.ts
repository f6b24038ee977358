import type { Answer, Caller, Operation } from './caller.js';
import { changedTables, type Digest, type Digests } from './digest.js';
import type { Case, Expectation, Sent, Verdict } from './expectation.js';
import type { Fixture } from './fixture.js';
import { markPattern } from './marks.js';
import { type Actor, roles, type Row, sightOf } from './plan.js';
import { idPattern, type Scan } from './scan.js';

export interface Subject {
  readonly operation: Operation;
  readonly expectation: Expectation;
}

/** One case, asked by one actor, of one target. */
interface Question {
  readonly actor: Actor;
  readonly use: Case;
  readonly row: Row | undefined;
}

/** Calls operations as everybody about everything, and collects what is not as it should be. */
export class Matrix {
  readonly failures: string[] = [];
  leaks = 0;

  constructor(
    private readonly fixture: Fixture,
    private readonly caller: Caller,
    private readonly scan: Scan,
    private readonly digest: Digest,
    /** Writes down what was refused before and only counted. */
    private readonly settle: () => Promise<void>,
  ) {}

  /** Whoever owns a row asks first, so that the cache has it; then everybody, and once more with the owner's ETag. */
  async read(subject: Subject): Promise<void> {
    const actors = this.actors;
    for (const use of subject.expectation.cases) {
      const heard = new Map<Actor, string>();
      for (const row of this.targetsOf(use)) {
        const owners = this.fixture.owners.filter((owner) => !row || reaches(use, owner, row));
        const [warm] = await inTurn(owners, (actor) => this.ask(subject, { actor, use, row }));
        for (const actor of actors) {
          const question = { actor, use, row };
          this.compare(subject, question, await this.ask(subject, question), heard);
        }
        const etag = warm?.header('etag');
        const headers = etag ? { 'if-none-match': etag } : undefined;
        const again = [...actors.toReversed(), this.fixture.actor('former substitute')];
        await inTurn(again, (actor) => this.ask(subject, { actor, use, row }, headers));
      }
    }
    if (subject.operation.parameters.includes('cursor')) await this.readOn(subject);
  }

  /** What is refused changes nothing in any table of either tenant. */
  async refuse(subject: Subject): Promise<void> {
    const conditional = subject.operation.parameters.includes('If-Match');
    const own = this.fixture.row('tenant', 'own').id;
    const both = this.follow(async () => [await this.digest.ofTenant(own), await this.digestOfStrangers()]);
    for (const actor of this.actors) {
      const asked: [Question, Sent][] = [];
      for (const question of this.questionsOf(subject, actor)) {
        if (this.statusOf(subject, question) < 400) continue;
        const sent = await this.sentBy(question);
        asked.push([question, sent]);
        // what is not there has no version that could be the wrong one
        const isNamed = sent.path?.id !== undefined && sent.path.id === question.row?.id;
        if (isNamed && conditional) asked.push([question, { ...sent, headers: { 'if-match': '"4711"' } }]);
      }
      const before = await both.before();
      const answers = await Promise.all(asked.map(([question, sent]) => this.send(subject, question, sent)));
      this.expectUnchanged(subject, actor, before, await both.after());
      const heard = new Map<Case, string>();
      asked.forEach(([question], index) => this.compare(subject, question, answers[index]!, heard, question.use));
    }
  }

  /** What is allowed changes nothing that is not the actor's, and is not told to others for its Idempotency-Key. */
  async allow(subject: Subject): Promise<void> {
    const own = this.fixture.row('tenant', 'own').id;
    const strangers = this.follow(async () => [await this.digestOfStrangers()]);
    for (const actor of this.actors) {
      const heard = new Map<Case, string>();
      for (const { use, row: target } of this.questionsOf(subject, actor)) {
        const question = { actor, use, row: target };
        if (this.statusOf(subject, question) >= 400) continue;
        const row = target && use.spare ? await this.fixture.spare(target) : target;
        const sent = await this.sentBy({ actor, use, row });
        const as = this.shownTo(question);
        const foreign = this.fixture.originals.filter(
          (one) => one.place !== 'otherTenant' && one.id !== row?.id && sightOf(as, one) <= 1,
        );
        const ids = foreign
          .concat(row && !reaches(use, actor, row) && !['otherTenant', 'nowhere'].includes(row.place) ? row : [])
          .map(({ id }) => id);
        const before = [await this.digest.ofRows(own, ids), ...(await strangers.before())];
        const answer = await this.send(subject, { actor, use, row }, sent);
        this.expectUnchanged(subject, actor, before, [
          await this.digest.ofRows(own, ids),
          ...(await strangers.after()),
        ]);
        this.compare(subject, { actor, use, row }, answer, heard, use);
      }
    }
    if (subject.operation.parameters.includes('Idempotency-Key')) await this.replay(subject);
  }

  /** Goes on with the cursor that somebody else was given: refused, or a page of one's own. */
  private async readOn(subject: Subject): Promise<void> {
    const { operation } = subject;
    for (const owner of [...this.fixture.owners, this.fixture.actor('admin')]) {
      const first = await this.caller.call(operation, owner, { query: { limit: '1' } });
      const page = JSON.parse(first.answer.body.toString()) as { pagination?: { nextCursor?: string } };
      const cursor = page.pagination?.nextCursor;
      if (cursor === undefined) continue;
      for (const actor of this.actors) {
        const { answer, said } = await this.caller.call(operation, actor, { query: { limit: '1', cursor } });
        const refusal = refusalOf(subject, actor);
        const allowed = refusal === null ? [200, 400] : [refusal];
        if (!allowed.includes(answer.status)) this.fail(subject, actor, `the cursor of another: ${answer.status}`);
        this.look(subject, actor, said, answer);
      }
    }
  }

  /** The same body with the same Idempotency-Key, from somebody else: nothing of the first answer comes back. */
  private async replay(subject: Subject): Promise<void> {
    const { operation, expectation } = subject;
    const owner = this.actors.find((actor) => expectation.may !== 'everyone' && refusalOf(subject, actor) === null);
    if (!owner) return;
    for (const [index, use] of expectation.cases.entries()) {
      const target = use.target && this.fixture.row(use.target, 'own');
      const row = target && use.spare ? await this.fixture.spare(target) : target;
      const headers = { 'idempotency-key': `${operation.id}-${index}` };
      const sent: Sent = { ...(await this.sentBy({ actor: owner, use, row })), headers };
      await this.caller.call(operation, owner, sent);
      const asked = new Set([owner.viewer?.userId]);
      for (const actor of this.actors) {
        if (asked.has(actor.viewer?.userId)) continue;
        asked.add(actor.viewer?.userId);
        const { answer, said } = await this.caller.call(operation, actor, sent);
        if (answer.header('idempotency-replayed')) this.fail(subject, actor, 'was told the answer of another', row);
        this.look(subject, actor, said, answer, row);
      }
    }
  }

  private get actors(): Actor[] {
    return roles.map((role) => this.fixture.actor(role));
  }

  /** What is there after one call is what is there before the next, unless the fixture has added rows. */
  private follow(take: () => Promise<Digests[]>): Record<'before' | 'after', () => Promise<Digests[]>> {
    let known: Digests[] | undefined;
    let rows = 0;
    const after = async (): Promise<Digests[]> => {
      rows = this.fixture.rows.length;
      return (known = await take());
    };
    return { before: async () => (known && rows === this.fixture.rows.length ? known : after()), after };
  }

  private async digestOfStrangers(): Promise<Digests> {
    await this.settle();
    return this.digest.ofTenant(this.fixture.row('tenant', 'otherTenant').id, { journals: true });
  }

  private questionsOf({ expectation }: Subject, actor: Actor): Question[] {
    return expectation.cases.flatMap((use) => this.targetsOf(use).map((row): Question => ({ actor, use, row })));
  }

  private targetsOf({ target }: Case): (Row | undefined)[] {
    return target ? this.fixture.targets(target) : [undefined];
  }

  private async ask(subject: Subject, question: Question, headers?: Sent['headers']): Promise<Answer> {
    return this.send(subject, question, { ...(await this.sentBy(question)), headers });
  }

  private async sentBy({ actor, use, row }: Question): Promise<Sent> {
    return (await use.send?.(row!, this.fixture, actor)) ?? {};
  }

  private shownTo({ actor, use }: Question): Actor {
    return use.shownTo ? this.fixture.actor(use.shownTo) : actor;
  }

  private async send(subject: Subject, question: Question, sent: Sent): Promise<Answer> {
    const { actor, row } = question;
    const { answer, said } = await this.caller.call(subject.operation, actor, sent);
    const verdict = verdictOf(subject, question);
    const [status, text] = typeof verdict === 'number' ? [verdict, ''] : verdict;
    const isSame = answer.status === 304 && status === 200 && sent.headers !== undefined;
    if (!isSame && (answer.status !== status || !answer.body.includes(text))) {
      const instead = answer.body.toString().slice(0, 200);
      this.fail(subject, actor, `${answer.status} instead of ${status} ${text}: ${instead}`, row);
    }
    this.look(subject, this.shownTo(question), said, answer, row);
    return answer;
  }

  private look(subject: Subject, actor: Actor, said: string, answer: Answer, row?: Row): void {
    const leaks = this.scan.leaksOf(actor, said, answer);
    this.leaks += leaks.length;
    if (leaks.length > 0) this.fail(subject, actor, `shows ${leaks.join(', ')}`, row);
  }

  /** What is somebody else's is answered like what does not exist, which was asked for first. */
  private compare<Key>(subject: Subject, question: Question, answer: Answer, heard: Map<Key, string>, key?: Key): void {
    const { actor, use, row } = question;
    if (!row || use.differs !== undefined || reaches(use, actor, row)) return;
    const place = (key ?? actor) as Key;
    const told = [answer.status, answer.header('location'), answer.header('link'), answer.body.toString()]
      .join('\n')
      .replace(/"requestId":"[^"]*"/, '')
      .replace(idPattern, '<id>')
      .replace(markPattern, '<mark>')
      .replace(/fresh-\d+/g, '<text>');
    const nothing = heard.get(place);
    if (row.place === 'nowhere') heard.set(place, told);
    else if (told !== nothing) this.fail(subject, actor, `is told\n${told}\ninstead of\n${nothing}`, row);
  }

  private expectUnchanged(subject: Subject, actor: Actor, before: readonly Digests[], after: readonly Digests[]): void {
    const changed = before.flatMap((digests, index) => changedTables(digests, after[index]!));
    if (changed.length > 0) this.fail(subject, actor, `changed ${changed.join(', ')}`);
  }

  private statusOf(subject: Subject, question: Question): number {
    const verdict = verdictOf(subject, question);
    return typeof verdict === 'number' ? verdict : verdict[0];
  }

  private fail({ operation }: Subject, { role }: Actor, what: string, row?: Row): void {
    this.failures.push(`${operation.id} as ${role}${row ? ` about ${row.kind} of ${row.place}` : ''}: ${what}`);
  }
}

async function inTurn<T>(actors: readonly Actor[], ask: (actor: Actor) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const actor of actors) answers.push(await ask(actor));
  return answers;
}

function refusalOf({ operation, expectation: { may } }: Subject, { role, viewer }: Actor): 401 | 403 | null {
  if (may === 'everyone') return null;
  if (!viewer) return 401;
  if (role === 'service without the scope' && operation.permission !== null) return 403;
  return (may as readonly string[]).includes(role === 'former substitute' ? 'substitute' : role) ? null : 403;
}

function verdictOf(subject: Subject, { actor, use, row }: Question): Verdict {
  const refusal = refusalOf(subject, actor);
  if (refusal !== null) return refusal;
  const verdict = !row || reaches(use, actor, row) ? use.own : use.foreign!;
  return typeof verdict === 'function' ? verdict(row!, actor) : verdict;
}

function reaches({ reaches: own }: Case, actor: Actor, row: Row): boolean {
  return row.place !== 'nowhere' && (own ? own(actor, row) : sightOf(actor, row) === 3);
}
