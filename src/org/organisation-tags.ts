/** Of what everybody in a tenant may be shown whoever the students are: settings, names of what is above a roster. */
export const organisationTag = (tenantId: string): string => `organisation:${tenantId}`;

/** Bumped by a change to it; answers over a whole tenant carry the tenant's own tag alone. */
export const organisationTags = (tenantId: string): string[] => [`tenant:${tenantId}`, organisationTag(tenantId)];
