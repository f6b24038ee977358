import { type Case, type Expectations, owned, type Sent, signedIn } from './expectation.js';
import { type Fixture, password } from './fixture.js';
import type { Place } from './plan.js';

/** An address is looked for in the tenant that is named, and in no other. */
const named = (fixture: Fixture, tenant: Place, person: Place): object => ({
  tenant: fixture.row('tenant', tenant).code,
  email: fixture.row('staff', person).email,
});
const login = (fixture: Fixture, tenant: Place, person: Place): Sent => ({
  body: { ...named(fixture, tenant, person), password },
});
const refused = [401, 'credentials_invalid'] as const;
const reset = (tenant: Place, person: Place): Case => ({
  send: (_, fixture) => ({ body: named(fixture, tenant, person) }),
  own: 202,
});
const strange = 'x'.repeat(64);
const newPassword = 'an unlikely but long one';

export const auth: Expectations = {
  authLogin: {
    may: 'everyone',
    cases: [
      { send: (_, fixture) => login(fixture, 'own', 'own'), own: 200, shownTo: 'instructor' },
      { send: (_, fixture) => login(fixture, 'own', 'otherTenant'), own: refused },
      { send: (_, fixture) => login(fixture, 'own', 'nowhere'), own: refused },
      { send: (_, fixture) => login(fixture, 'nowhere', 'own'), own: refused },
    ],
  },
  authMe: { may: signedIn, cases: [{ own: 200 }] },
  accountsAccept: {
    may: 'everyone',
    cases: [{ send: () => ({ body: { token: strange, password: newPassword } }), own: [400, 'link_invalid'] }],
  },
  accountsReset: {
    may: 'everyone',
    cases: [{ send: () => ({ body: { token: strange, password: newPassword } }), own: [400, 'link_invalid'] }],
  },
  accountsRequestReset: {
    may: 'everyone',
    cases: [reset('own', 'own'), reset('own', 'otherTenant'), reset('own', 'nowhere'), reset('nowhere', 'own')],
  },
  accountsChangePassword: {
    may: signedIn,
    cases: [{ send: () => ({ body: { currentPassword: 'not this one', newPassword } }), own: [422, 'password_wrong'] }],
  },
  signInsRefresh: {
    may: 'everyone',
    cases: [{ send: () => ({ body: { refreshToken: strange } }), own: 401 }],
  },
  signInsList: { may: signedIn, cases: [{ own: 200 }] },
  signInsRevoke: {
    may: signedIn,
    cases: [
      {
        target: 'signIn',
        send: ({ id }) => ({ path: { id } }),
        own: 204,
        foreign: 404,
        reaches: owned,
        spare: true,
      },
    ],
  },
  // the tokens of this matrix belong to no sign-in
  signInsLogout: { may: signedIn, cases: [{ own: [409, 'sign_in_missing'] }] },
  signInsLogoutEverywhere: { may: signedIn, cases: [{ own: 204 }] },
  keysList: { may: 'everyone', cases: [{ own: 200 }] },
  healthLive: { may: 'everyone', cases: [{ own: 200 }] },
  healthReady: { may: 'everyone', cases: [{ own: 200 }] },
};
