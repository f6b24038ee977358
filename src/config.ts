import { isIP } from 'node:net';
import { resolve } from 'node:path';

/**
 * The environment, read and validated once. Nothing else reads `process.env`.
 * An empty environment is valid: everything then runs embedded, in one process, on one machine.
 * A class and not an interface, so that it is its own injection token.
 */
export abstract class Config {
  abstract readonly environment: 'development' | 'test' | 'production';
  abstract readonly host: string;
  abstract readonly port: number;
  /** Where the embedded server, generated keys and resumable imports keep their files. */
  abstract readonly dataDir: string;
  abstract readonly database: {
    /** Undefined: PostgreSQL is started from the npm package, below `dataDir`. */
    readonly url: string | undefined;
    /** A role that may migrate; the application's own role where it is not set. */
    readonly ownerUrl: string | undefined;
    readonly poolSize: number;
    /** Behind a transaction pooler: no prepared statements and no session parameters. */
    readonly pooler: boolean;
    readonly slowStatementSeconds: number;
  };
  abstract readonly redisUrl: string | undefined;
  abstract readonly queueBackend: 'postgres' | 'redis';
  /** `memory` is right with one process only, `redis` with any number; `off` otherwise. */
  abstract readonly cache: 'memory' | 'redis' | 'off';
  /** Dashboards that a starting API makes before anybody asks; 0: none. */
  abstract readonly warmUpDashboards: number;
  abstract readonly auth: {
    /** A JWK Set of the private keys that tokens are signed with; made in `dataDir` when embedded. */
    readonly keysFile: string | undefined;
    readonly issuer: string;
    readonly audience: string;
    readonly accessTokenLifetimeSeconds: number;
    /** A sign-in that is not used for so long ends. */
    readonly signInIdleSeconds: number;
    /** A sign-in ends after so long, however often it is used. */
    readonly signInLifetimeSeconds: number;
    /** Of argon2id; passwords that were hashed with others are hashed anew when their owners sign in. */
    readonly argon2: { readonly memoryKib: number; readonly passes: number };
    /** Wrong passwords for one account from one address before each further one has to wait longer. */
    readonly freeAttempts: number;
  };
  /** Of the application that people use: links in mails lead there. Without a slash at the end. */
  abstract readonly appUrl: string;
  /** Of this server, from outside, for links in mails that need no application. Without a slash at the end. */
  abstract readonly apiUrl: string;
  abstract readonly mail: {
    /** Undefined: mails are written as files below `dataDir`. */
    readonly smtpUrl: string | undefined;
    readonly from: string;
  };
  /** Of servers that tenants name, which messages and notifications are sent to. */
  abstract readonly webhooks: {
    /** Also addresses of private networks and of this machine. */
    readonly privateAddresses: boolean;
    /** Networks that may be reached beside the internet, as in `10.1.0.0/16`. */
    readonly networks: readonly string[];
    /** Also `http://`. */
    readonly plainHttp: boolean;
    /** For one call in all. */
    readonly timeoutSeconds: number;
  };
  abstract readonly http: {
    readonly bodyLimitBytes: number;
    readonly requestTimeoutSeconds: number;
    readonly drainSeconds: number;
    /** How many in front add to `X-Forwarded-For` where a request came from; what stands before that anybody may write. */
    readonly proxies: number;
    readonly corsOrigins: readonly string[];
  };
  abstract readonly liveEvents: {
    /** A stream on which nothing happens says so often enough for proxies not to close it. */
    readonly heartBeatSeconds: number;
    /** How often it is asked whether those who listen still may. */
    readonly lookSeconds: number;
    /** Of this process. */
    readonly mostStreams: number;
  };
  abstract readonly rateLimits: {
    readonly windowSeconds: number;
    /** Per window; `docs/operations.md` says whose. */
    readonly requests: Readonly<Record<'user' | 'service' | 'expensive' | 'address' | 'signIn', number>>;
  };
  /** A model of risk in place of the shipped one. */
  abstract readonly riskModelFile: string | undefined;
  abstract readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error naming every variable that is wrong, so that a start fails once and not once per mistake. */
export function readConfig(env: Environment = process.env): Config {
  const problems: string[] = [];
  const text = (name: string, fallback: string): string => env[name]?.trim() || fallback;
  const optional = (name: string): string | undefined => env[name]?.trim() || undefined;
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const raw = optional(name);
    if (raw === undefined) return fallback;
    const value = Number(raw);
    if (!/^\d+(\.\d+)?$/.test(raw) || value < min || value > max) {
      problems.push(`${name} must be a number from ${min} to ${max}, not "${raw}"`);
    }
    return value;
  };
  const oneOf = <T extends string>(name: string, values: readonly T[], fallback: T): T => {
    const raw = text(name, fallback) as T;
    if (!values.includes(raw)) problems.push(`${name} must be one of ${values.join(', ')}, not "${raw}"`);
    return raw;
  };
  const url = (name: string, ...schemes: string[]): string | undefined => {
    const raw = optional(name);
    if (raw !== undefined && !(URL.canParse(raw) && schemes.includes(new URL(raw).protocol))) {
      problems.push(`${name} must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`);
    }
    return raw;
  };

  const databaseUrl = url('DATABASE_URL', 'postgres:', 'postgresql:');
  const ownerUrl = url('DATABASE_OWNER_URL', 'postgres:', 'postgresql:');
  const redisUrl = url('REDIS_URL', 'redis:', 'rediss:');
  const defaultCache = redisUrl ? 'redis' : databaseUrl ? 'off' : 'memory';
  const cache = oneOf('CACHE', ['memory', 'redis', 'off'], defaultCache);
  const queueBackend = oneOf('QUEUE_BACKEND', ['postgres', 'redis'], 'postgres');
  const environment = oneOf('NODE_ENV', ['development', 'test', 'production'], 'development');
  const smtpUrl = url('SMTP_URL', 'smtp:', 'smtps:');
  const mailFrom = optional('MAIL_FROM');
  const appUrl = url('APP_URL', 'http:', 'https:');
  const apiUrl = url('API_URL', 'http:', 'https:');
  const keysFile = optional('JWT_KEYS_FILE');
  const proxies = oneOf('TRUST_PROXY', ['true', 'false', ...'0123456789'], 'false');

  const reachable = text('WEBHOOK_PRIVATE_ADDRESSES', 'refuse');
  const networks = ['refuse', 'allow'].includes(reachable) ? [] : reachable.split(',').map((name) => name.trim());
  for (const network of networks.filter((name) => !isNetwork(name))) {
    problems.push(`WEBHOOK_PRIVATE_ADDRESSES must be refuse, allow or networks as in 10.0.0.0/8, not "${network}"`);
  }

  if (ownerUrl && !databaseUrl) problems.push('DATABASE_OWNER_URL needs DATABASE_URL');
  if (cache === 'redis' && !redisUrl) problems.push('CACHE=redis needs REDIS_URL');
  if (queueBackend === 'redis' && !redisUrl) problems.push('QUEUE_BACKEND=redis needs REDIS_URL');
  if (environment === 'production' && databaseUrl && !keysFile) {
    problems.push('JWT_KEYS_FILE must be set in production, so that all processes sign with the same keys');
  }

  if (smtpUrl && !mailFrom) problems.push('SMTP_URL needs MAIL_FROM');
  if (smtpUrl && !appUrl) problems.push('SMTP_URL needs APP_URL, where the links in mails lead');

  const config: Config = {
    environment,
    host: text('HOST', '127.0.0.1'),
    port: number('PORT', 3000, 0, 65_535),
    dataDir: resolve(text('DATA_DIR', '.data')),
    database: {
      url: databaseUrl,
      ownerUrl,
      poolSize: number('DATABASE_POOL_SIZE', 10, 2, 200),
      pooler: oneOf('DATABASE_POOLER', ['true', 'false'], 'false') === 'true',
      slowStatementSeconds: number('SLOW_STATEMENT_SECONDS', 0.2, 0, 60),
    },
    redisUrl,
    queueBackend,
    cache,
    warmUpDashboards: number('WARM_UP_DASHBOARDS', 100, 0, 10_000),
    auth: {
      keysFile,
      issuer: text('JWT_ISSUER', 'instructor-dashboard'),
      audience: text('JWT_AUDIENCE', 'instructor-dashboard-api'),
      accessTokenLifetimeSeconds: number('ACCESS_TOKEN_LIFETIME_SECONDS', 600, 60, 86_400),
      signInIdleSeconds: number('SIGN_IN_IDLE_SECONDS', 1_209_600, 60, 31_536_000),
      signInLifetimeSeconds: number('SIGN_IN_LIFETIME_SECONDS', 7_776_000, 60, 31_536_000),
      argon2: {
        memoryKib: number('ARGON2_MEMORY_KIB', 19_456, 1_024, 1_048_576),
        passes: number('ARGON2_PASSES', 2, 1, 20),
      },
      freeAttempts: number('LOGIN_FREE_ATTEMPTS', 5, 1, 1_000),
    },
    appUrl: (appUrl ?? 'http://localhost:3000').replace(/\/$/, ''),
    apiUrl: (apiUrl ?? appUrl ?? 'http://localhost:3000').replace(/\/$/, ''),
    mail: { smtpUrl, from: mailFrom ?? 'Instructor dashboards <no-reply@localhost>' },
    webhooks: {
      privateAddresses: reachable === 'allow',
      networks,
      plainHttp: oneOf('WEBHOOK_PLAIN_HTTP', ['true', 'false'], 'false') === 'true',
      timeoutSeconds: number('WEBHOOK_TIMEOUT_SECONDS', 10, 1, 30),
    },
    http: {
      bodyLimitBytes: number('BODY_LIMIT_BYTES', 1_048_576, 1_024, 16_777_216),
      requestTimeoutSeconds: number('REQUEST_TIMEOUT_SECONDS', 5, 1, 60),
      drainSeconds: number('DRAIN_SECONDS', 5, 0, 120),
      proxies: proxies === 'true' ? 1 : Number(proxies) || 0,
      corsOrigins: text('CORS_ORIGINS', '').split(',').filter(Boolean),
    },
    liveEvents: {
      heartBeatSeconds: number('EVENTS_HEART_BEAT_SECONDS', 15, 1, 300),
      lookSeconds: number('EVENTS_LOOK_SECONDS', 30, 1, 300),
      mostStreams: number('EVENTS_STREAMS', 10_000, 1, 1e6),
    },
    rateLimits: {
      windowSeconds: number('RATE_LIMIT_WINDOW_SECONDS', 60, 1, 3_600),
      requests: {
        user: number('RATE_LIMIT_USER', 1_200, 1, 1e9),
        service: number('RATE_LIMIT_SERVICE', 6_000, 1, 1e9),
        expensive: number('RATE_LIMIT_EXPENSIVE', 600, 1, 1e9),
        address: number('RATE_LIMIT_ADDRESS', 3_000, 1, 1e9),
        signIn: number('RATE_LIMIT_SIGN_IN', 600, 1, 1e9),
      },
    },
    riskModelFile: optional('RISK_MODEL_FILE'),
    logLevel: oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
  };
  if (problems.length > 0) throw new Error(`The environment is wrong:\n  ${problems.join('\n  ')}`);
  return Object.freeze(config);
}

/** `10.0.0.0/8` or `fd00::/8`. */
function isNetwork(text: string): boolean {
  const [network = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(network);
  const bits = family === 4 ? 32 : family === 6 ? 128 : -1;
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

/** Of a new administrator or operator; for the commands that make one, and in no process's configuration. */
export function readAdminPassword(env: Environment = process.env): string | undefined {
  return env['ADMIN_PASSWORD'] || undefined;
}
