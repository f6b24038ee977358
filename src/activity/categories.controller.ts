import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { CategoriesQuery, CategoryResponse, ChangeCategoryRequest, CreateCategoryRequest } from './categories.dto.js';
import { CategoriesRepository } from './categories.repository.js';
import { CategoriesService } from './categories.service.js';

@ApiTags('categories')
@Controller('categories')
export class CategoriesController {
  constructor(
    private readonly repository: CategoriesRepository,
    private readonly service: CategoriesService,
  ) {}

  @Get()
  @Operation({
    summary: 'List categories, in their own order',
    permission: 'modules:read',
    answer: CategoryResponse,
    shape: 'page',
  })
  async list(@CurrentViewer() viewer: Viewer, @Query() query: CategoriesQuery): Promise<Page<CategoryResponse>> {
    const { isActive, search } = query;
    const listing = { scope: ['categories', isActive, search], keys: ['number', 'text'] } as const;
    const position = positionOf(query, listing);
    const { data, total } = await this.repository.list(viewer.tenantId, { isActive, search }, position);
    return toPage(data, position, { listing, keysOf: (row) => [row.position, row.code], total });
  }

  @Post()
  @Operation({
    summary: 'Create a category',
    description: 'With an `id` of the client’s own it may be sent again; then what is there is answered.',
    permission: 'modules:write',
    status: 201,
    answer: CategoryResponse,
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateCategoryRequest): Promise<CategoryResponse> {
    return this.service.create(viewer, body);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change or retire a category',
    description: 'Only the fields that are given. Sessions that came in keep the category they came in with.',
    permission: 'modules:write',
    answer: CategoryResponse,
    errors: [404, 409, 412],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IfMatch() version: number | undefined,
    @Body() body: ChangeCategoryRequest,
  ): Promise<CategoryResponse> {
    return this.service.change(viewer, id, body, version);
  }
}
