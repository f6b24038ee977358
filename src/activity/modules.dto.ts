import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { codePattern } from './categories.dto.js';
import { sessionKinds } from './session-input.js';

const difficulties = ['easy', 'medium', 'hard'] as const;

export class ModulesQuery extends PageQuery {
  @OneOf(sessionKinds, { optional: true, description: 'Only of this kind' })
  readonly kind?: string;

  @Id({ optional: true, description: 'Only of this category' })
  readonly categoryId?: string;

  @Flag({ optional: true, description: 'Only those in use, or only retired ones' })
  readonly isActive?: boolean;

  @Text({ max: 100, optional: true, description: 'Part of code or title, whatever case and accents' })
  readonly search?: string;
}

export class CreateModuleRequest {
  @Id({ optional: true, description: 'Made by the client: the same create may then be sent again' })
  id?: string;

  @Id({ description: 'A category of this tenant', example: '0197b2c4-1f00-7000-8000-0000000000c1' })
  categoryId: string;

  @Text({ max: 100, pattern: codePattern, description: 'Unique in the tenant', example: 'alphabet-basics' })
  code: string;

  @Text({ max: 200, description: 'As people read it', example: 'The alphabet: basics' })
  title: string;

  @OneOf(sessionKinds, { description: 'Of its sessions, where they do not say', example: 'quiz' })
  kind: string;

  @OneOf(difficulties, { optional: true, default: 'easy', description: 'As its author sees it' })
  difficulty: string = 'easy';
}

export class ChangeModuleRequest {
  @Id({ optional: true, description: 'A category of this tenant' })
  categoryId?: string;

  @Text({ max: 100, pattern: codePattern, optional: true, description: 'Unique in the tenant' })
  code?: string;

  @Text({ max: 200, optional: true, description: 'As people read it', example: 'The alphabet: basics' })
  title?: string;

  @OneOf(sessionKinds, { optional: true, description: 'Of sessions to come, where they do not say' })
  kind?: string;

  @OneOf(difficulties, { optional: true, description: 'As its author sees it', example: 'medium' })
  difficulty?: string;

  @Flag({ optional: true, description: 'false retires it: nothing new is offered, history stays' })
  isActive?: boolean;
}

export class ModuleResponse {
  @ApiProperty({ format: 'uuid', example: '0197b2c4-1f00-7000-8000-0000000000d1' })
  id: string;

  @ApiProperty({ format: 'uuid', example: '0197b2c4-1f00-7000-8000-0000000000c1' })
  categoryId: string;

  @ApiProperty({ example: 'alphabet-basics' })
  code: string;

  @ApiProperty({ example: 'The alphabet: basics' })
  title: string;

  @ApiProperty({ enum: sessionKinds })
  kind: string;

  @ApiProperty({ enum: difficulties })
  difficulty: string;

  @ApiProperty()
  isActive: boolean;

  @ApiProperty({ type: 'integer', example: 1, description: 'For `If-Match`' })
  version: number;
}
