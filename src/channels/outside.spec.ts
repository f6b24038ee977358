import { lookup } from 'node:dns';
import { answers, type Receiver, startReceiver } from '../../test/receiver.js';
import fc from '../../test/property.js';
import { readConfig } from '../config.js';
import { isPublic } from './addresses.js';
import { AddressRefused, guardedLookup, Outside } from './outside.js';

const outside = (environment: Record<string, string> = {}): Outside =>
  new Outside(readConfig({ WEBHOOK_PLAIN_HTTP: 'true', WEBHOOK_TIMEOUT_SECONDS: '1', ...environment }));
const strict = outside();
const inside = outside({ WEBHOOK_PRIVATE_ADDRESSES: 'allow' });
const never = new AbortController().signal;
const sent = { headers: {}, body: '{}' };

describe('addresses', () => {
  it.each([
    '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1',
    '172.31.255.255', '192.0.0.8', '192.168.1.1', '198.18.0.1', '203.0.113.9', '224.0.0.1', '240.0.0.1',
    '255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1',
    '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '2002:a00:1::', '3fff::1',
    'fc00::1', 'fd12::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '', 'localhost', '127.1', '08.8.8.8',
  ])('%s is none of the internet', (address) => expect(isPublic(address)).toBe(false)); // prettier-ignore

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.1.1',
    '2606:4700:4700::1111',
    '2a00:1450::1',
  ])('%s is one', (address) => expect(isPublic(address)).toBe(true));

  it('no private network is reached by any notation of its addresses', async () => {
    const octet = fc.nat(255);
    const hosts = [
      (a: number) => a.toString(),
      (a: number) => `0${a.toString(8)}`,
      (a: number) => `0x${a.toString(16)}`,
    ];
    const property = fc.asyncProperty(
      fc.constantFrom(10, 127, 0), octet, octet, octet, fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }), fc.nat(3),
      async (a, b, c, d, ways, form) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const hex = (n: number): string => n.toString(16);
        const host = [
          [a, b, c, d].map((n, index) => hosts[ways[index]!]!(n)).join('.'),
          hosts[ways[0]!]!(number),
          `[::ffff:${hex(a * 256 + b)}:${hex(c * 256 + d)}]`,
          `[64:ff9b::${hex(a * 256 + b)}:${hex(c * 256 + d)}]`,
        ][form]!;
        expect(await strict.findFault(`http://${host}/`, never)).toBe('must not lead to a private address');
      },
    ); // prettier-ignore
    await fc.assert(property);
  });
});

describe('a URL', () => {
  it.each([
    ['ftp://example.org/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['https://user:word@example.org/', 'must not hold credentials'],
    ['https://example.org/#here', 'must not have a fragment'],
    ['//example.org', 'must be a URL'],
    ['https://', 'must be a URL'],
    ['https://2130706433/', 'must not lead to a private address'],
    ['https://0x7f.1/', 'must not lead to a private address'],
    ['https://0177.0.0.1/', 'must not lead to a private address'],
    ['https://127.1/', 'must not lead to a private address'],
    ['https://①②⑦.0.0.1/', 'must not lead to a private address'],
    ['https://[::1]/', 'must not lead to a private address'],
    ['https://[::ffff:169.254.169.254]/', 'must not lead to a private address'],
    ['https://localhost/', 'must not lead to a private address'],
  ])('%s %s', async (url, fault) => {
    expect(await strict.findFault(url, never)).toBe(fault);
    await expect(strict.post(url, sent, never)).rejects.toThrow(AddressRefused);
  });

  it('is https unless the configuration says otherwise', async () => {
    const usual = outside({ WEBHOOK_PLAIN_HTTP: 'false' });
    expect(await usual.findFault('http://8.8.8.8/', never)).toBe('must begin with https://');
    expect(await usual.findFault('https://8.8.8.8/', never)).toBeNull();
    expect(await strict.findFault('http://8.8.8.8/', never)).toBeNull();
  });

  it('whose name means nothing yet is taken', async () => {
    expect(await strict.findFault('https://nowhere.invalid/hook', never)).toBeNull();
  });

  it('may lead into networks that the configuration names, and no further', async () => {
    const partly = outside({ WEBHOOK_PRIVATE_ADDRESSES: '10.1.0.0/16, fd00::/8' });
    const faults = ['10.1.2.3', '10.2.0.1', '[fd12::1]', '[fe80::1]', '127.0.0.1', '[::ffff:10.1.2.3]'].map((host) =>
      partly.findFault(`https://${host}/`, never),
    );
    const refused = 'must not lead to a private address';
    expect(await Promise.all(faults)).toEqual([null, refused, null, refused, refused, null]);
    expect(() => readConfig({ WEBHOOK_PRIVATE_ADDRESSES: '10.0.0.0/33,x' })).toThrow(/"10.0.0.0\/33"\n.*"x"/);
  });
});

describe('a name', () => {
  const look = (addresses: readonly string[]) =>
    new Promise((resolve, reject) => {
      const guarded = guardedLookup(isPublic, (_name, _options, done) =>
        done(null, addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
      ); // prettier-ignore
      guarded('example.org', { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
    });

  it('with one private address among others is not called', async () => {
    await expect(look(['8.8.8.8', '127.0.0.1'])).rejects.toThrow(AddressRefused);
    await expect(look([])).rejects.toThrow(AddressRefused);
    await expect(look(['8.8.8.8', '2a00:1450::1'])).resolves.toHaveLength(2);
  });

  it('is looked at again for each call: what it meant before counts for nothing', async () => {
    const meanings = ['8.8.8.8', '127.0.0.1'];
    const rebinding = guardedLookup(isPublic, (_name, _options, done) =>
      done(null, [{ address: meanings.shift()!, family: 4 }]),
    );
    const ask = () =>
      new Promise((resolve) => rebinding('x.example', {}, (error, address) => resolve(error ?? address)));
    expect(await ask()).toBe('8.8.8.8');
    expect(await ask()).toBeInstanceOf(AddressRefused);
  });

  it('of this machine is one of this machine', async () => {
    const guarded = guardedLookup(isPublic, (name, options, done) => lookup(name, options, done));
    const error = await new Promise((resolve) => guarded('localhost', {}, resolve));
    expect(error).toBeInstanceOf(AddressRefused);
  });
});

describe('a server', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.stop());

  const call = (path = ''): ReturnType<Outside['post']> => inside.post(receiver.url + path, sent, never);

  it('that answers is heard', async () => {
    receiver.answer(answers.status(429, { 'retry-after': '30' }, 'slowly'));
    expect(await call('/hook?x=1')).toEqual({ status: 429, retryAfterSeconds: 30, body: 'slowly' });
    const [{ path, headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect([path, headers['content-type'], body]).toEqual(['/hook?x=1', 'application/json', '{}']);
  });

  it('of this machine is not called unless that is allowed', async () => {
    await expect(strict.post(receiver.url, sent, never)).rejects.toThrow(AddressRefused);
    await expect(strict.post(`http://localhost:${receiver.port}/`, sent, never)).rejects.toThrow(AddressRefused);
    expect(receiver.received).toEqual([]);
  });

  it('that redirects is not followed', async () => {
    receiver.answer(answers.status(301, { location: `${receiver.url}/elsewhere` }));
    expect((await call()).status).toBe(301);
    expect(receiver.received).toHaveLength(1);
  });

  it('that answers with 100 MB sends hardly any of it', async () => {
    let bytes = 0;
    receiver.answer(answers.flood(104_857_600, (total) => (bytes = total)));
    const { status, body } = await call();
    expect([status, body.length]).toEqual([200, 16_384]);
    // what the buffers of both sides and of the system hold
    expect(bytes).toBeLessThan(16_777_216);
  });

  it('that never answers is given up', async () => {
    receiver.answer(answers.never);
    await expect(call()).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('that dies in the middle, or is not there, is an error', async () => {
    receiver.answer(answers.die);
    await expect(call()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await receiver.stop();
    await expect(call()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('gets a few calls at a time', async () => {
    await Promise.all(Array.from({ length: 50 }, () => call()));
    expect(receiver.received).toHaveLength(50);
    expect(receiver.mostConnections).toBeLessThanOrEqual(8);
  });
});
