import type { Viewer } from '../../src/http/viewer.js';

/**
 * Who there is and what they may see, said a second time and in other words than the product says it: from the plan of
 * the fixture alone, without SQL. `parentDepartment` lies above `own` and `siblingDepartment`, `childDepartment` below
 * `own`; everybody asks from `own`, except the substitute, who belongs to `siblingDepartment`.
 */
export const places = [
  'own',
  'classmate',
  'siblingRoster',
  'siblingDepartment',
  'parentDepartment',
  'childDepartment',
  'otherTenant',
  'nowhere',
] as const;
export type Place = (typeof places)[number];

export const roles = [
  'anonymous',
  'student',
  'instructor',
  'substitute',
  'supervisor',
  'admin',
  'service',
  'service without the scope',
  'operator',
] as const;
export type Role = (typeof roles)[number];

/** `former substitute` asks for nothing but what the substitute has just been shown. */
export interface Actor {
  readonly role: Role | 'former substitute';
  /** Null: nobody. */
  readonly viewer: Viewer | null;
  /** Where the actor belongs; the operator and whoever is nobody belong nowhere. */
  readonly home?: Place;
}

export type Kind =
  | 'tenant'
  | 'department'
  | 'student'
  | 'staff'
  | 'admin'
  | 'session'
  | 'category'
  | 'module'
  | 'achievement'
  | 'segment'
  | 'sharedSegment'
  | 'service'
  | 'key'
  | 'delegation'
  | 'signIn'
  /** An instructor's, handed out to the students of the place. */
  | 'assignment'
  /** The organisation's own, handed out to every student of the tenant. */
  | 'commonAssignment'
  /** What became of an assignment with one student; has no id of its own. */
  | 'submission'
  /** A dynamic one, of an instructor's assignment. */
  | 'handOut'
  /** On a student, and overdue. */
  | 'intervention'
  | 'closedIntervention'
  /** In the tray of somebody of the staff. */
  | 'notification'
  /** To somebody of the staff by e-mail, and failed. */
  | 'delivery'
  /** Not yet written. */
  | 'report'
  | 'reportSchedule'
  /** On nobody in particular; placed by one of the staff. */
  | 'legalHold'
  /** A draft. */
  | 'message'
  /** To a student, of the student's instructor; its id is also that of the conversation. */
  | 'sentMessage';

export interface Row {
  readonly kind: Kind;
  readonly place: Place;
  readonly id: string;
  /** Of a student, a session and a delegation the instructor, of a segment, a sign-in, a notification, a report, its schedule and a message the owner, of a key its service. */
  readonly personId?: string;
  /** Of a session, a submission, an intervention and a sent message. */
  readonly studentId?: string;
  /** Of a submission and a hand-out. */
  readonly assignmentId?: string;
  /** Of a delegation: to whom the roster was given. */
  readonly substituteId?: string;
  readonly name: string;
  readonly email: string;
  readonly pid: string;
  /** Also a slug. */
  readonly code: string;
}

/** How much of a row: nothing, its id, its name too, or all of it. */
export type Sight = 0 | 1 | 2 | 3;

/** The department of a place. */
const homes: Readonly<Partial<Record<Place, Place>>> = { classmate: 'own', siblingRoster: 'own' };
const above: Readonly<Partial<Record<Place, readonly Place[]>>> = {
  own: ['parentDepartment'],
  siblingDepartment: ['parentDepartment'],
  childDepartment: ['own', 'parentDepartment'],
};

export const homeOf = (place: Place): Place => homes[place] ?? place;
/** Whether a place lies in the department of another or below it. */
export const isWithin = (place: Place, top: Place): boolean =>
  homeOf(place) === top || (above[homeOf(place)] ?? []).includes(top);

/** Whose students are one's own. */
const rostersOf = ({ userId, rosters = [] }: Viewer): readonly string[] => [userId, ...rosters];

/** Whether a row is of the tenant that somebody asks from. */
export function isOfTenant({ home }: Actor, { place }: Row): boolean {
  if (home === undefined || place === 'nowhere') return false;
  return (place === 'otherTenant') === (home === 'otherTenant');
}

/** Whether this is somebody's department or one above it. */
function isAbove({ place }: Row, { home }: Actor): boolean {
  return home !== undefined && isWithin(homeOf(home), place);
}

/** Whose roster is given to whom. */
export const delegations: readonly (readonly [giver: Place, substitute: Place])[] = [
  ['own', 'siblingDepartment'],
  ['parentDepartment', 'childDepartment'],
  ['childDepartment', 'siblingRoster'],
];

/** Whether an instructor's name stands in a delegation that the actor may see. */
function isBound({ viewer, home }: Actor, { place }: Row): boolean {
  return delegations.some(
    ([giver, substitute]) =>
      (place === giver || place === substitute) &&
      (home === giver || home === substitute || (viewer!.role === 'supervisor' && isWithin(giver, home!))),
  );
}

/** What of a row may stand in an answer to this actor. */
export function sightOf(actor: Actor, row: Row): Sight {
  const { viewer } = actor;
  if (viewer?.role === 'operator') return row.kind === 'tenant' ? 3 : 0;
  if (!viewer || !isOfTenant(actor, row)) return 0;
  if (['signIn', 'report', 'notification'].includes(row.kind)) return owns(viewer, row) ? 3 : 0;
  if (row.kind === 'signIn' || row.kind === 'report') return owns(viewer, row) ? 3 : 0;
  if (row.kind === 'message') return owns(viewer, row) ? 3 : 0;
  if (row.kind === 'sentMessage') return owns(viewer, row) || row.studentId === viewer.userId ? 3 : 0;
  if (row.kind === 'reportSchedule') return owns(viewer, row) || viewer.role === 'admin' ? 3 : 0;
  if (['tenant', 'category', 'module', 'achievement'].includes(row.kind)) return 3;
  // what people think of students is not for machines
  if (viewer.role === 'service' && /intervention/i.test(row.kind)) return 0;
  if (viewer.role === 'admin' || viewer.role === 'service') return row.kind === 'segment' && !owns(viewer, row) ? 0 : 3;
  return viewer.role === 'student' ? sightOfStudent(viewer, row) : sightOfStaff(actor, viewer, row);
}

function owns({ userId }: Viewer, { personId }: Row): boolean {
  return personId === userId;
}

function sightOfStudent({ userId }: Viewer, row: Row): Sight {
  switch (row.kind) {
    case 'student':
      return row.id === userId ? 3 : 0;
    case 'session':
    case 'submission':
      return row.studentId === userId ? 3 : 0;
    case 'assignment':
      return row.place === 'own' ? 3 : 0;
    case 'commonAssignment':
      return 3;
    case 'staff':
    case 'department':
      // their instructor's name and that of their department
      return row.place === 'own' ? 2 : 0;
    default:
      return 0;
  }
}

function sightOfStaff(actor: Actor, viewer: Viewer, row: Row): Sight {
  const oversees = viewer.role === 'supervisor' && isWithin(row.place, actor.home!);
  const rosters = rostersOf(viewer);
  switch (row.kind) {
    case 'commonAssignment':
      return 3;
    case 'student':
    case 'session':
    case 'assignment':
    case 'submission':
    case 'handOut':
    case 'intervention':
    case 'closedIntervention':
      return oversees || rosters.includes(row.personId!) ? 3 : 0;
    case 'staff':
      if (oversees || row.id === viewer.userId) return 3;
      // colleagues of one's own department and below, and who is bound to one by a delegation
      if (isWithin(row.place, homeOf(actor.home!)) || rosters.includes(row.id) || isBound(actor, row)) return 2;
      // by their id whoever shares a segment
      return 1;
    case 'delegation':
      return oversees || owns(viewer, row) || row.substituteId === viewer.userId ? 3 : 0;
    case 'department':
      // those above one's own are no secret; where colleagues and the students of others belong stands beside them
      if (oversees || isAbove(row, actor)) return 3;
      return isWithin(row.place, homeOf(actor.home!)) || rosters.includes(row.personId!) ? 2 : 0;
    case 'segment':
      return owns(viewer, row) ? 3 : 0;
    case 'sharedSegment':
      return 3;
    default:
      return 0;
  }
}
