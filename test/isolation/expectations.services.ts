import { randomUUID } from 'node:crypto';
import type { Case, Expectations, Verdict } from './expectation.js';
import type { Actor, Row } from './plan.js';

const keepers = ['admin'] as const;
const byPath: Case['send'] = ({ id }) => ({ path: { id } });

/** A key of its own service, and one under a service that is not its own: that is not there either. */
const key = (own: number, body?: object): Case[] => [
  {
    target: 'key',
    send: ({ id, personId }: Row) => ({ path: { id: personId ?? randomUUID(), keyId: id }, body }),
    own,
    foreign: 404,
    spare: true,
  },
  {
    target: 'key',
    send: ({ id, place }, fixture) => ({
      path: { id: place === 'own' ? randomUUID() : fixture.row('service', 'own').id, keyId: id },
      body,
    }),
    own: 404,
    foreign: 404,
    differs: 'of the two that the path names, the service is looked for first',
  },
];

/** Whoever sends a token beside the secret has said two things about who it is. */
const badClient = ({ viewer }: Actor): Verdict => (viewer ? [400, 'invalid_request'] : [401, 'invalid_client']);

export const services: Expectations = {
  servicesList: { may: keepers, cases: [{ own: 200 }] },
  servicesCreate: {
    may: keepers,
    cases: [
      {
        target: 'service',
        send: ({ id, name }) => ({ body: { id, name, scopes: ['students:read'] } }),
        own: 201,
        foreign: 201,
        spare: true,
      },
    ],
  },
  servicesGet: { may: keepers, cases: [{ target: 'service', send: byPath, own: 200, foreign: 404 }] },
  servicesChange: {
    may: keepers,
    cases: [
      {
        target: 'service',
        send: ({ id }, fixture) => ({ path: { id }, body: { name: fixture.fresh() } }),
        own: 200,
        foreign: 404,
      },
    ],
  },
  servicesDeactivate: {
    may: keepers,
    cases: [{ target: 'service', send: byPath, own: 204, foreign: 404, spare: true }],
  },
  servicesCreateKey: {
    may: keepers,
    cases: [{ target: 'service', send: ({ id }) => ({ path: { id }, body: {} }), own: 201, foreign: 404, spare: true }],
  },
  servicesRevokeKey: { may: keepers, cases: key(204) },
  servicesRotateKey: { may: keepers, cases: key(201, { overlapSeconds: 60 }) },
  oAuthToken: {
    may: 'everyone',
    cases: [
      {
        target: 'service',
        send: ({ id }) => ({
          form: { grant_type: 'client_credentials', client_id: id, client_secret: `idk_${'x'.repeat(43)}` },
        }),
        own: (_, actor) => badClient(actor),
        foreign: (_, actor) => badClient(actor),
      },
    ],
  },
  oAuthMetadataShow: { may: 'everyone', cases: [{ own: 404 }] },
};
