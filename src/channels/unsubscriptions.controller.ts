import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, Param, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { Problem } from '../http/problem.js';
import { escapeHtml } from '../messaging/template.js';
import type { Category } from './channel.js';
import { PreferencesService } from './preferences.service.js';
import { type Subscription, UnsubscribeTokens } from './unsubscribe-tokens.js';

const names: Readonly<Record<Category, string>> = {
  messages: 'messages',
  assignments: 'assignments',
  risk: 'students at risk',
  progress: 'progress',
  reports: 'reports',
  system: 'the system',
};
const confirmation = ['List-Unsubscribe', 'One-Click'] as const;

export class OneClick {
  @ApiProperty({ enum: [confirmation[1]], description: 'As RFC 8058 has it' })
  'List-Unsubscribe': string;
}

/**
 * What the link of a mail leads to (RFC 8058). Programs that look for evil follow links with GET, so that changes nothing
 * and shows a button; programs of mail send the form at once.
 */
@ApiTags('channels')
@Controller('unsubscribe')
export class UnsubscriptionsController {
  constructor(
    private readonly tokens: UnsubscribeTokens,
    private readonly preferences: PreferencesService,
  ) {}

  @Get(':link')
  @Header('content-type', 'text/html; charset=utf-8')
  @ApiParam({ name: 'link', schema: { type: 'string', maxLength: 200 } })
  @Operation({
    summary: 'Ask whether mails of a sort are to end',
    description: 'A page with a button. Of a link that is 60 days old, 410.',
    public: true,
    files: { 'text/html': '<!doctype html>' },
    errors: [404, 410],
  })
  ask(@Param('link') link: string): Readable {
    const name = names[this.read(link).category];
    const [field, value] = confirmation;
    return page(
      `<h1>No more mails about ${escapeHtml(name)}?</h1>
<form method="post"><input type="hidden" name="${field}" value="${value}"><button>No more of these</button></form>`,
    );
  }

  @Post(':link')
  @RouteConfig({ takesForm: 'multipart' })
  @Header('content-type', 'text/html; charset=utf-8')
  @ApiParam({ name: 'link', schema: { type: 'string', maxLength: 200 } })
  @ApiConsumes('application/x-www-form-urlencoded', 'multipart/form-data')
  @ApiBody({ type: OneClick })
  @Operation({
    summary: 'End mails of a sort by one click',
    description: 'RFC 8058. Twice is no error.',
    public: true,
    files: { 'text/html': '<!doctype html>' },
    errors: [404, 410],
  })
  async unsubscribe(@Param('link') link: string, @Body() form: unknown): Promise<Readable> {
    const { tenantId, userId, category } = this.read(link);
    const [field, value] = confirmation;
    if (!(form instanceof URLSearchParams) || form.get(field) !== value) {
      throw Problem.invalid([{ pointer: `/${field}`, code: 'value_invalid', detail: `must be ${value}, of a form` }]);
    }
    await this.preferences.turnOff(tenantId, userId, category, 'email');
    return page(`<h1>There will be no more mails about ${escapeHtml(names[category])}</h1>`);
  }

  /** @throws Problem 404 for a link that is none of ours, 410 for one that is too old */
  private read(link: string): Subscription {
    const subscription = this.tokens.read(link);
    if (subscription === null) throw Problem.notFound('link');
    if (subscription !== 'expired') return subscription;
    throw new Problem(410, 'link_expired', { detail: 'This link is too old. Sign in, and say what you want by mail.' });
  }
}

function page(body: string): Readable {
  const head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mails</title>';
  return Readable.from([
    `<!doctype html>\n<html lang="en">\n<head>${head}</head>\n<body>\n${body}\n</body>\n</html>\n`,
  ]);
}
