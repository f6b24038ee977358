import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { UserMergeService } from './user-merge.service.js';
import { UserReads } from './user-reads.js';
import {
  ChangeUser,
  CreateUser,
  DeactivatedUser,
  MergedUser,
  MergeUser,
  UserListQuery,
  UserResponse,
} from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('users')
@Controller('users')
export class UsersController {
  constructor(
    private readonly reads: UserReads,
    private readonly users: UsersService,
    private readonly merges: UserMergeService,
  ) {}

  @Get()
  @Operation({
    summary: 'List people',
    description: 'Everybody of the tenant by name, those who were deactivated too.',
    permission: 'users:read',
    answer: UserResponse,
    shape: 'page',
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: UserListQuery): Promise<Page<UserResponse>> {
    return this.reads.list(viewer, query);
  }

  @Post()
  @Operation({
    summary: 'Create a person',
    description: 'An instructor gets a profile, and whoever has an e-mail address an invitation unless told otherwise.',
    permission: 'users:write',
    status: 201,
    answer: UserResponse,
    errors: [409, 422],
  })
  create(@CurrentViewer() viewer: Viewer, @Body() body: CreateUser): Promise<UserResponse> {
    return this.users.create(viewer, body);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a person',
    description: "Reading another person's is audited.",
    permission: 'users:read',
    answer: UserResponse,
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<UserResponse> {
    return this.reads.get(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change a person',
    description:
      'A student who moves keeps the instructor, who must then belong to the new department or to one above it, ' +
      'unless another is given; an instructor who moves keeps the students. The last active administrator stays one.',
    permission: 'users:write',
    answer: UserResponse,
    errors: [404, 409, 412, 422],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() change: ChangeUser,
    @IfMatch() version: number | undefined,
  ): Promise<UserResponse> {
    return this.users.change(viewer, id, change, version);
  }

  @Post(':id/deactivate')
  @Operation({
    summary: 'Deactivate a person',
    description:
      'History stays. The person can write nothing from now on and read nothing once the access token has run out. ' +
      "An instructor's students stay on the roster until they are reassigned; the answer counts them.",
    permission: 'users:write',
    answer: DeactivatedUser,
    errors: [404, 409],
  })
  deactivate(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<DeactivatedUser> {
    return this.users.deactivate(viewer, id);
  }

  @Post(':id/activate')
  @Operation({
    summary: 'Activate a person again',
    permission: 'users:write',
    answer: UserResponse,
    errors: [404, 409],
  })
  activate(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<UserResponse> {
    return this.users.change(viewer, id, { isActive: true });
  }

  @Post(':id/invitations')
  @Operation({
    summary: 'Invite a person once more',
    description: 'By e-mail, to choose a password. Not for who has one already.',
    permission: 'users:write',
    status: 202,
    errors: [404, 409],
  })
  invite(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.users.invite(viewer, id);
  }

  @Post(':id/merge')
  @RouteConfig({ deadlineSeconds: 30, rateLimit: 'expensive' })
  @Operation({
    summary: 'Merge a duplicate into another person',
    description:
      'Of two students or two instructors. Whoever stays has done what both have done: sessions keep their ids and ' +
      'every number follows; the students of an instructor are reassigned. The duplicate is deactivated, gives away ' +
      'address and number where the other has none, and sessions that still come for it count for the other. ' +
      'Merging the same two again changes nothing.',
    permission: 'users:merge',
    answer: MergedUser,
    errors: [404, 409, 422],
  })
  merge(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: MergeUser): Promise<MergedUser> {
    return this.merges.merge(viewer, id, body.intoId.toLowerCase());
  }
}
