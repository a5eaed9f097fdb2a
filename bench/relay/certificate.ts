/** A certificate for a server on this machine, made for one run and thrown away with it. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly keyFile: string;
  readonly certificateFile: string;
  remove(): void;
}

/**
 * Undefined: there is no `openssl` on this machine, and Node itself makes no certificates.
 * @param name as X.509 writes it: `IP:127.0.0.1`, `DNS:localhost`
 */
export function makeCertificate(name: string): Certificate | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'sharemaker-certificate-'));
  const keyFile = join(directory, 'key.pem');
  const certificateFile = join(directory, 'certificate.pem');
  const remove = () => rmSync(directory, { recursive: true, force: true });
  // RSA, as most of AWS's endpoints still have it.
  const openssl = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
    ...['-subj', '/CN=sharemaker', '-addext', `subjectAltName=${name}`],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
  if (openssl.status === 0) return { keyFile, certificateFile, remove };
  remove();
  return undefined;
}
