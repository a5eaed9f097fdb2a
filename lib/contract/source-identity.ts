/**
 * Who called, as STS's SourceIdentity: the name of the IAM user, or `role@session`'s two names. It stays with the
 * session and stands in the parent's CloudTrail. Pure.
 */
export function sourceIdentityOf(callerArn: string): string {
  const resource = callerArn.slice(callerArn.lastIndexOf(':') + 1);
  const parts = resource.split('/');
  const name =
    parts[0] === 'assumed-role' ? `${parts[2] ?? ''}@${parts[1] ?? ''}` : (parts[parts.length - 1] ?? '');
  // STS: 2 to 64 of these characters, not beginning with `aws:`, which a colon alone could spell.
  const allowed = name.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);
  return allowed.length < 2 ? allowed.padEnd(2, '-') : allowed;
}
