import type { TestApp } from './app.js';
import { auditTrail } from './audit-trail.js';
import type { Member, Person } from './factories.js';
import type { Body } from './workroom.js';

export const version = (number: number): Record<string, string> => ({ 'if-match': `"${number}"` });
/** What is done with cases on a student of an instructor, by the instructor unless told. */
export function caseworkOf(
  app: () => TestApp,
  people: () => { readonly instructor: Member; readonly student: Member },
) {
  const open = async (sent: Body = {}, viewer: Person = people().instructor): Promise<Body & { id: string }> => {
    const answer = await app()
      .as(viewer)
      .post('/interventions')
      .send({ studentId: people().student.userId, ...sent })
      .expect(201);
    return answer.body as Body & { id: string };
  };
  const take = async (
    step: string,
    sent: Body,
    { id, of = 1, as = people().instructor, status = 200 }: { id: string; of?: number; as?: Person; status?: number },
  ): Promise<Body> => {
    const answer = await app().as(as).post(`/interventions/${id}/${step}`).set(version(of)).send(sent).expect(status);
    return answer.body as Body;
  };
  const detail = async (id: string, viewer: Person = people().instructor): Promise<Body & { entries: Body[] }> => {
    const answer = await app().as(viewer).get(`/interventions/${id}`).expect(200);
    return answer.body as Body & { entries: Body[] };
  };
  const list = async (query: string, viewer: Person = people().instructor): Promise<Body[]> => {
    const answer = await app().as(viewer).get(`/interventions?${query}`).expect(200);
    return (answer.body as { data: Body[] }).data;
  };
  const events = async (): Promise<unknown[]> =>
    (
      await app().database.many<{ topic: string }>(
        `-- test.listCaseEvents
      select topic from outbox where tenant_id = $1 and topic like 'interventions.%' order by id`,
        [people().instructor.tenantId],
      )
    ).map(({ topic }) => topic);
  const audited = async (): Promise<Body[]> =>
    (await auditTrail(app().database, people().instructor.tenantId))
      .filter(({ action }) => /^(intervention|timeline)[.]/.test(action))
      .map(({ action, actorId, targetId, before, after }) => ({ action, actorId, targetId, before, after }));

  return { open, take, detail, list, events, audited };
}
