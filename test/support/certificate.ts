/** A certificate for a name, made by `openssl`; Node itself makes none. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Undefined: there is no `openssl` on this machine. */
export function makeCertificate(name: string): Certificate | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    const { status } = spawnSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
        ...['-keyout', 'key.pem', '-out', 'cert.pem'],
      ],
      { cwd: directory },
    );
    if (status !== 0) return undefined;
    const read = (file: string) => readFileSync(join(directory, file), 'utf8');
    return { key: read('key.pem'), cert: read('cert.pem') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
