import type { Mail } from '../mail/mailer.js';
import { keptDays } from './report-store.js';
import type { DueMail } from './report-mails.repository.js';

/** A link that wants a sign-in, and nothing of the report itself: a mailbox is not where people's data is kept. */
export function writeReadyMail(due: DueMail, appUrl: string): Mail {
  const [name, schedule, by, tenant] = [due.name, due.scheduleName, due.scheduledBy, due.tenantName].map(line);
  return {
    to: due.email,
    subject: `${schedule}: the report is ready`,
    text: `Hello ${name},

the report "${schedule}", which ${by} of ${tenant} has scheduled, is ready. Sign in to open it:

${appUrl}/reports/${due.reportId}

It is kept for ${keptDays} days. If you do not want these mails, ask ${by} to leave you out.
`,
  };
}

/** A name of several lines would write the mail. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
