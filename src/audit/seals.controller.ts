import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AuditRecorder } from './audit.recorder.js';
import { AuditVerification, VerifyAudit } from './seals.dto.js';
import { AuditSeals } from './seals.service.js';

/** In one answer: half a million entries. */
const mostSeals = 500;

@ApiTags('audit')
@Controller('audit')
export class SealsController {
  constructor(
    private readonly seals: AuditSeals,
    private readonly audit: AuditRecorder,
  ) {}

  @Post('verify')
  @HttpCode(200)
  @RouteConfig({ deadlineSeconds: 60, rateLimit: 'expensive' })
  @Operation({
    summary: 'Look whether the audit is as it was sealed',
    description:
      'Entry by entry against the chain of hashes, up to 500 seals at a time, and names the first that does not fit.',
    permission: 'audit:read',
    answer: AuditVerification,
    example: {
      lastSeal: 12,
      hash: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
      next: null,
      fault: null,
      removed: null,
    },
  })
  async verify(
    @CurrentViewer() viewer: Viewer,
    @Body() { after, checkpoint }: VerifyAudit,
  ): Promise<AuditVerification> {
    const options = { after, most: mostSeals, checkpoint };
    const found = await this.seals.verify(viewer.tenantId, options, AbortSignal.timeout(55_000));
    const { hash: sealHash, ...rest } = found;
    await this.audit.recordRead(viewer, {
      action: 'audit.verified',
      targetType: 'audit',
      after: { ...rest, sealHash },
    });
    return found;
  }
}
