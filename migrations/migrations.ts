import type { MigrationInterface } from 'typeorm';
import { CreateJobs1763600000000 } from './1763600000000-create-jobs.js';
import { CreateIdempotencyKeys1763600100000 } from './1763600100000-create-idempotency-keys.js';
import { CreateAuditEntries1763600200000 } from './1763600200000-create-audit-entries.js';
import { CreateOrganisation1763600300000 } from './1763600300000-create-organisation.js';
import { CreateStudents1763600400000 } from './1763600400000-create-students.js';
import { CreateActivity1763600500000 } from './1763600500000-create-activity.js';
import { CreateSignIns1763700000000 } from './1763700000000-create-sign-ins.js';
import { CreateAccountLinks1763700100000 } from './1763700100000-create-account-links.js';
import { CreateServices1763700200000 } from './1763700200000-create-services.js';
import { CreateIdentityProviders1763700210000 } from './1763700210000-create-identity-providers.js';
import { CreateDelegations1763700300000 } from './1763700300000-create-delegations.js';
import { ExtendUsers1763700400000 } from './1763700400000-extend-users.js';
import { CreateAssignments1763800000000 } from './1763800000000-create-assignments.js';
import { FollowAssignments1763800200000 } from './1763800200000-follow-assignments.js';
import { CreateLatePenalties1763800300000 } from './1763800300000-create-late-penalties.js';
import { CreateGradeChanges1763800400000 } from './1763800400000-create-grade-changes.js';
import { CreateAccommodations1763800500000 } from './1763800500000-create-accommodations.js';
import { CoverScores1763800600000 } from './1763800600000-cover-scores.js';
import { CreateRisk1763900000000 } from './1763900000000-create-risk.js';
import { MarkUnscoredStudents1763900200000 } from './1763900200000-mark-unscored-students.js';
import { CreateThresholdChanges1763900400000 } from './1763900400000-create-threshold-changes.js';
import { KeepRiskHistory1763900700000 } from './1763900700000-keep-risk-history.js';
import { CreateRollups1764000000000 } from './1764000000000-create-rollups.js';
import { CountScoredStudents1764000050000 } from './1764000050000-count-scored-students.js';
import { FollowRollups1764000100000 } from './1764000100000-follow-rollups.js';
import { IndexSnapshots1764000110000 } from './1764000110000-index-snapshots.js';
import { IndexMoves1764000200000 } from './1764000200000-index-moves.js';
import { LetStudentsChooseLeaderboards1764000300000 } from './1764000300000-let-students-choose-leaderboards.js';
import { CreateViews1764000400000 } from './1764000400000-create-views.js';
import { CreateReports1764000500000 } from './1764000500000-create-reports.js';
import { ResumeReports1764000600000 } from './1764000600000-resume-reports.js';
import { MailReports1764000700000 } from './1764000700000-mail-reports.js';
import { SettleDueDates1764100000000 } from './1764100000000-settle-due-dates.js';
import { CreateOpenWork1764100100000 } from './1764100100000-create-open-work.js';
import { CreateLiveEvents1764100200000 } from './1764100200000-create-live-events.js';
import { CreateNotifications1764100300000 } from './1764100300000-create-notifications.js';
import { DateAchievements1764100310000 } from './1764100310000-date-achievements.js';
import { CreateMessages1764100400000 } from './1764100400000-create-messages.js';
import { MarkSessionsAsTheyCome1764200000000 } from './1764200000000-mark-sessions-as-they-come.js';
import { CreatePreferences1764200100000 } from './1764200100000-create-preferences.js';
import { CreateOutgoingDeliveries1764200110000 } from './1764200110000-create-outgoing-deliveries.js';
import { CreateChannelEndpoints1764200200000 } from './1764200200000-create-channel-endpoints.js';
import { CreateBounces1764200210000 } from './1764200210000-create-bounces.js';
import { AddPhones1764200220000 } from './1764200220000-add-phones.js';
import { KeepHtmlOfMessages1764200300000 } from './1764200300000-keep-html-of-messages.js';
import { SendByClocksOfRecipients1764200300100 } from './1764200300100-send-by-clocks-of-recipients.js';
import { TellOfFailedReports1764200300200 } from './1764200300200-tell-of-failed-reports.js';
import { LetTenantsLimitMessages1764200300300 } from './1764200300300-let-tenants-limit-messages.js';
import { FoldWordsOfMessages1764200300400 } from './1764200300400-fold-words-of-messages.js';
import { IndexAuditEntries1764300000000 } from './1764300000000-index-audit-entries.js';
import { SealAuditEntries1764300100000 } from './1764300100000-seal-audit-entries.js';
import { CreateLegalHolds1764400000000 } from './1764400000000-create-legal-holds.js';
import { EncryptAuditEntries1764400100000 } from './1764400100000-encrypt-audit-entries.js';
import { CreatePrivacy1764400200000 } from './1764400200000-create-privacy.js';
import { CreateSystemLogs1764400310000 } from './1764400310000-create-system-logs.js';
import { CreateRetention1764400320000 } from './1764400320000-create-retention.js';
import { LetTenantsHideRisk1764400330000 } from './1764400330000-let-tenants-hide-risk.js';
import { IndexAuditKinds1764400400000 } from './1764400400000-index-audit-kinds.js';
import { GiveSchedulesPurpose1764500100000 } from './1764500100000-give-schedules-purpose.js';

/** In the order they run. A file that is missing here fails a rule of the house. */
export const migrations: (new () => MigrationInterface)[] = [
  CreateJobs1763600000000,
  CreateIdempotencyKeys1763600100000,
  CreateAuditEntries1763600200000,
  CreateOrganisation1763600300000,
  CreateStudents1763600400000,
  CreateActivity1763600500000,
  CreateSignIns1763700000000,
  CreateAccountLinks1763700100000,
  CreateServices1763700200000,
  CreateIdentityProviders1763700210000,
  CreateDelegations1763700300000,
  ExtendUsers1763700400000,
  CreateAssignments1763800000000,
  FollowAssignments1763800200000,
  CreateLatePenalties1763800300000,
  CreateGradeChanges1763800400000,
  CreateAccommodations1763800500000,
  CoverScores1763800600000,
  CreateRisk1763900000000,
  MarkUnscoredStudents1763900200000,
  CreateThresholdChanges1763900400000,
  KeepRiskHistory1763900700000,
  CreateRollups1764000000000,
  CountScoredStudents1764000050000,
  FollowRollups1764000100000,
  IndexSnapshots1764000110000,
  IndexMoves1764000200000,
  LetStudentsChooseLeaderboards1764000300000,
  CreateViews1764000400000,
  CreateReports1764000500000,
  ResumeReports1764000600000,
  MailReports1764000700000,
  SettleDueDates1764100000000,
  CreateOpenWork1764100100000,
  CreateLiveEvents1764100200000,
  CreateNotifications1764100300000,
  DateAchievements1764100310000,
  CreateMessages1764100400000,
  MarkSessionsAsTheyCome1764200000000,
  CreatePreferences1764200100000,
  CreateOutgoingDeliveries1764200110000,
  CreateChannelEndpoints1764200200000,
  CreateBounces1764200210000,
  AddPhones1764200220000,
  KeepHtmlOfMessages1764200300000,
  SendByClocksOfRecipients1764200300100,
  TellOfFailedReports1764200300200,
  LetTenantsLimitMessages1764200300300,
  FoldWordsOfMessages1764200300400,
  IndexAuditEntries1764300000000,
  SealAuditEntries1764300100000,
  CreateLegalHolds1764400000000,
  EncryptAuditEntries1764400100000,
  CreatePrivacy1764400200000,
  CreateSystemLogs1764400310000,
  CreateRetention1764400320000,
  LetTenantsHideRisk1764400330000,
  IndexAuditKinds1764400400000,
  GiveSchedulesPurpose1764500100000,
];
