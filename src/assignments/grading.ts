export const submissionStatuses = ['not_started', 'in_progress', 'submitted', 'completed', 'graded'] as const;
export const exemptions = ['excused', 'exempt'] as const;
export type Exemption = (typeof exemptions)[number];

/** What instructors say about a student's work. */
export interface Grading {
  /** Raw, 0–100: the penalty is not taken off yet. Null: none, and the attempts' score stands. */
  readonly grade: number | null;
  /** Per cent of the grade that being late costs. */
  readonly penalty: number;
  readonly feedback: string | null;
  readonly exemption: Exemption | null;
  readonly gradedAt: string | null;
  readonly gradedBy: string | null;
}

/** A submission that nobody else changes while this transaction lasts. */
export interface LockedWork extends Grading {
  readonly studentId: string;
  /** What counts: the grade without its penalty, or else what the attempts come to. */
  readonly score: number | null;
  readonly status: string;
  readonly version: number;
  /** Something has been handed in since the grade was given. */
  readonly isResubmitted: boolean;
}

/** What is undefined says nothing, and stays as it is. */
export interface WantedGrade {
  readonly grade?: number | null;
  readonly feedback?: string | null;
  readonly reason?: string;
  /** Of the submission, as it was read. */
  readonly version?: number;
  /** Undefined: as it was decided for the grade that stands, else what the last attempt cost. */
  readonly waivePenalty?: boolean;
}

export type Refusal = 'version_mismatch' | 'reason_required' | 'grade_exists';

interface Terms {
  /** Of the last submitted attempt, per cent. */
  readonly latePenalty: number;
  /** Who says it; null for a service. */
  readonly graderId: string | null;
  readonly now: Date;
  /** Without a version nothing that is there may be replaced. */
  readonly needsVersion?: boolean;
}

/** What the work's grading becomes, or why it may not; `unchanged` where all is as it should be already. */
export function decideGrade(work: LockedWork, wanted: WantedGrade, terms: Terms): Grading | 'unchanged' | Refusal {
  const { feedback = work.feedback } = wanted;
  const grade = wanted.grade === undefined ? work.grade : rounded(wanted.grade);
  const penalty = wanted.grade === undefined ? work.penalty : penaltyOf(work, wanted, terms.latePenalty);
  const isRegraded = grade !== work.grade || penalty !== work.penalty;
  // to give the same grade again is to say that it also holds for what has been handed in since
  const isConfirmed = typeof wanted.grade === 'number' && work.isResubmitted;
  const isNew = isRegraded || isConfirmed;
  if (!isNew && feedback === work.feedback) return 'unchanged';

  if (wanted.version !== undefined && wanted.version !== work.version) return 'version_mismatch';
  const altersGrade = work.grade !== null && (isConfirmed ? grade !== work.grade : isRegraded);
  const altersFeedback = work.feedback !== null && feedback !== work.feedback;
  if (terms.needsVersion && wanted.version === undefined && (altersGrade || altersFeedback)) return 'grade_exists';
  if (altersGrade && wanted.reason === undefined) return 'reason_required';
  const { exemption } = work;
  if (!isNew) return { ...gradingOf(work), feedback };
  const [gradedAt, gradedBy] = grade === null ? [null, null] : [terms.now.toISOString(), terms.graderId];
  return { grade, penalty, feedback, exemption, gradedAt, gradedBy };
}

export function gradingOf({ grade, penalty, feedback, exemption, gradedAt, gradedBy }: Grading): Grading {
  return { grade, penalty, feedback, exemption, gradedAt, gradedBy };
}

function penaltyOf(work: LockedWork, { grade, waivePenalty }: WantedGrade, latePenalty: number): number {
  if (grade === null || waivePenalty) return 0;
  const stands = work.grade !== null && !work.isResubmitted;
  return waivePenalty === undefined && stands ? work.penalty : latePenalty;
}

/** As the column keeps it, so that what is compared is what will be there. */
function rounded(grade: number | null): number | null {
  return grade === null ? null : Math.round(grade * 100) / 100;
}
