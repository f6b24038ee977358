import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Int, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

/** Of categories and modules: what imports and sessions name them by. */
export const codePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export class CategoriesQuery extends PageQuery {
  @Flag({ optional: true, description: 'Only those in use, or only retired ones' })
  readonly isActive?: boolean;

  @Text({ max: 100, optional: true, description: 'Part of code or title, whatever case and accents' })
  readonly search?: string;
}

export class CreateCategoryRequest {
  @Id({ optional: true, description: 'Made by the client: the same create may then be sent again' })
  id?: string;

  @Text({ max: 100, pattern: codePattern, description: 'Unique in the tenant', example: 'radio-codes' })
  code: string;

  @Text({ max: 200, description: 'As people read it', example: 'Radio codes' })
  title: string;

  @Int({ min: 0, optional: true, default: 0, description: 'Where it stands among the others, lowest first' })
  position: number = 0;
}

export class ChangeCategoryRequest {
  @Text({ max: 100, pattern: codePattern, optional: true, description: 'Unique in the tenant', example: 'radio-codes' })
  code?: string;

  @Text({ max: 200, optional: true, description: 'As people read it', example: 'Radio codes' })
  title?: string;

  @Int({ min: 0, optional: true, description: 'Where it stands among the others, lowest first', example: 3 })
  position?: number;

  @Flag({ optional: true, description: 'false retires it: nothing new is offered, history stays', example: true })
  isActive?: boolean;
}

export class CategoryResponse {
  @ApiProperty({ format: 'uuid', example: '0197b2c4-1f00-7000-8000-0000000000c1' })
  id: string;

  @ApiProperty({ example: 'radio-codes' })
  code: string;

  @ApiProperty({ example: 'Radio codes' })
  title: string;

  @ApiProperty({ type: 'integer', example: 3 })
  position: number;

  @ApiProperty()
  isActive: boolean;

  @ApiProperty({ type: 'integer', example: 1, description: 'For `If-Match`' })
  version: number;
}
