import { parseOptions } from '@node-rs/argon2';
import { readConfig } from '../config.js';
import { Passwords } from './passwords.js';

let passwords: Passwords;

beforeEach(async () => {
  passwords = new Passwords(readConfig({}));
  await passwords.onModuleInit();
});

it('hashes with the parameters that OWASP asks for, each time with another salt', async () => {
  const [one, other] = await Promise.all([passwords.hash('secret'), passwords.hash('secret')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(parseOptions(one).saltLen).toBe(16);
  expect(one).not.toBe(other);
});

it('knows a hash with other parameters', async () => {
  const hashed = await passwords.hash('secret');
  expect(passwords.isOutdated(hashed)).toBe(false);
  for (const environment of [{ ARGON2_MEMORY_KIB: '19457' }, { ARGON2_PASSES: '3' }]) {
    expect(new Passwords(readConfig(environment)).isOutdated(hashed)).toBe(true);
  }
});

it('tells the password from others, and matches nobody with anything', async () => {
  const hashed = await passwords.hash('secret');
  expect(await passwords.matches(hashed, 'secret')).toBe(true);
  expect(await passwords.matches(hashed, 'Secret')).toBe(false);
  expect(await passwords.matches(null, 'secret')).toBe(false);
});

it('works two at a time, lets the others wait their turn, and turns away who waits too long', async () => {
  const hashed = await passwords.hash('secret');
  const begun = jest.spyOn(globalThis, 'setTimeout').mockImplementation((() => begun.mock.calls.length) as never);
  const ended = jest.spyOn(globalThis, 'clearTimeout').mockImplementation(() => undefined);
  try {
    const running = [passwords.matches(hashed, 'secret'), passwords.matches(hashed, 'secret')];
    const late = Promise.allSettled([passwords.matches(hashed, 'secret'), passwords.matches(hashed, 'secret')]);
    const patient = passwords.matches(hashed, 'secret');
    expect(begun.mock.calls.map(([, ms]) => ms)).toEqual([3_000, 3_000, 3_000]);
    for (const [giveUp] of begun.mock.calls.slice(0, 2)) giveUp();
    const refused = { status: 'rejected', reason: { status: 503, code: 'login_overloaded' } };
    expect(await late).toMatchObject([refused, refused]);
    expect(await Promise.all([...running, patient])).toEqual([true, true, true]);
    expect(ended.mock.calls).toEqual([[3]]);
    // the places are free again
    expect(await Promise.all(running.map(() => passwords.matches(hashed, 'wrong')))).toEqual([false, false]);
  } finally {
    jest.restoreAllMocks();
  }
});
