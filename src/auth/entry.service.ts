import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { UsersRepository } from '../org/users.repository.js';
import type { SignedInPerson } from './auth.dto.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { SignInsService } from './sign-ins.service.js';

export function hashOfDevice(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Lets people in who have shown who they are by means of this application. */
@Injectable()
export class EntryService {
  constructor(
    private readonly users: UsersRepository,
    private readonly devices: KnownDevicesRepository,
    private readonly signIns: SignInsService,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the running transaction.
   * @param device the token of a device that is known
   * @param passwordHash that was compared, where one was
   * @returns null for who has been deactivated or has another password, be it since this moment
   */
  enter(
    viewer: Pick<Viewer, 'tenantId' | 'userId' | 'role'>,
    device?: string,
    passwordHash?: string,
  ): Promise<SignedInPerson | null> {
    const { tenantId, userId } = viewer;
    return this.database.transaction(async () => {
      if ((await this.users.updateLastLogin(tenantId, userId, this.clock.now(), passwordHash)) === 0) return null;
      await this.audit.record(viewer, { action: 'login.succeeded', targetType: 'user', targetId: userId });
      const signedIn = await this.signIns.open({ tenantId, userId });
      return { ...signedIn, deviceToken: await this.rememberDevice(tenantId, userId, device) };
    });
  }

  /** @returns the token, a new one unless one is given; it says that somebody has been let in here, and lets in nobody */
  async rememberDevice(
    tenantId: string,
    userId: string,
    token = randomBytes(32).toString('base64url'),
  ): Promise<string> {
    await this.devices.remember(tenantId, userId, hashOfDevice(token));
    return token;
  }
}
