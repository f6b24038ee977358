import { Controller, Get } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { AuditSeals } from '../audit/seals.service.js';
import { Operation } from '../http/operation.js';
import { Problem } from '../http/problem.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { AuditCheckpoints } from './audit-checkpoints.js';

class SignedCheckpoint {
  @ApiProperty({ type: 'integer', description: 'Number of the last seal' })
  seal: number;
  @ApiProperty({ description: 'Its hash, hexadecimal' })
  hash: string;
  @ApiProperty({ type: String, format: 'date-time' })
  sealedAt: string;
  @ApiProperty({ description: 'The same and the tenant, as a JWS (RFC 7515) that `/.well-known/jwks.json` verifies' })
  signed: string;
}

@ApiTags('audit')
@Controller('audit')
export class AuditCheckpointsController {
  constructor(
    private readonly seals: AuditSeals,
    private readonly checkpoints: AuditCheckpoints,
    private readonly audit: AuditRecorder,
  ) {}

  @Get('checkpoint')
  @Operation({
    summary: 'How far the audit is sealed, signed, to be kept elsewhere',
    description:
      'Whoever owns the database can make the whole chain anew; only a checkpoint that they cannot reach shows it. ' +
      '`POST /audit/verify` and `npm run audit:verify` compare the chain with one.',
    permission: 'audit:read',
    answer: SignedCheckpoint,
    errors: [404],
    example: {
      seal: 12,
      hash: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
      sealedAt: '2026-03-02T08:00:00.000Z',
      signed: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF1ZGl0LWNoZWNrcG9pbnQrand0In0.eyJzZWFsIjoxMn0.c2lnbmF0dXJl',
    },
  })
  async checkpoint(@CurrentViewer() viewer: Viewer): Promise<SignedCheckpoint> {
    const last = await this.seals.last(viewer.tenantId);
    if (!last) throw new Problem(404, 'seal_not_found', { detail: 'Nothing is sealed yet.' });
    const { number: seal, hash, sealedAt } = last;
    await this.audit.recordRead(viewer, {
      action: 'checkpoint.exported',
      targetType: 'audit',
      after: { seal, sealHash: hash },
    });
    return { seal, hash, sealedAt, signed: this.checkpoints.sign(viewer.tenantId, { seal, hash }) };
  }
}
