import type { Mail } from '../mail/mailer.js';
import type { LinkPurpose } from './account-links.repository.js';

interface Occasion {
  readonly name: string;
  readonly email: string;
  readonly tenantName: string;
  readonly token: string;
  /** Of the application that people use. */
  readonly appUrl: string;
}

/** How long a link is good for, and what is said with it. */
export const accountMails: Readonly<
  Record<LinkPurpose, { readonly lifetimeSeconds: number; readonly write: (occasion: Occasion) => Mail }>
> = {
  password_reset: {
    lifetimeSeconds: 3_600,
    write: ({ name, email, tenantName, token, appUrl }) => ({
      to: email,
      subject: `Choose a new password for ${line(tenantName)}`,
      text: `Hello ${line(name)},

somebody, probably you, has asked for a new password for your account at ${line(tenantName)}.
Choose it here within an hour:

${appUrl}/password-reset#token=${token}

If that was not you, you need not do anything: your password stays as it is.
`,
    }),
  },
  invitation: {
    lifetimeSeconds: 604_800,
    write: ({ name, email, tenantName, token, appUrl }) => ({
      to: email,
      subject: `Your account at ${line(tenantName)}`,
      text: `Hello ${line(name)},

${line(tenantName)} has opened an account for you. Choose a password here within seven days:

${appUrl}/invitation#token=${token}

If you did not expect this, you need not do anything.
`,
    }),
  },
};

/** A name of several lines would write the mail. The token stands behind `#`, which browsers keep from servers. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
