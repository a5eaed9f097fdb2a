import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isUsableUrl } from '../lib/client/client.ts';
import { credentialProcess, type OfferSource } from '../lib/client/credential-process.ts';
import { regionOfApi } from '../lib/contract/offer-url.ts';
import { type Command, UsageError } from './command.ts';

export const credentialProcessCommand: Command = {
  summary: 'Prints credentials for a shared endpoint, for an AWS profile to use.',
  usage: `Usage: sharemaker credential-process --alias NAME --api-url URL [options]
       sharemaker credential-process --offer-url URL [options]
       sharemaker credential-process --offer-file FILE [options]

Prints what an AWS profile's credential_process must print (JSON, Version 1). With such a profile, AWS CLI, boto3 and
every AWS SDK invoke the parent's endpoint themselves, under its own name:

  [profile iris]
  region = us-east-1
  credential_process = sharemaker credential-process --alias iris --api-url https://… --profile child

  --alias NAME             the subscription's alias, looked up in the child's API
  --api-url URL            that API, stage included
  --offer-url URL          the offer's own address, as the parent gave it
  --offer-file FILE        the offer itself, a JSON document
  --profile NAME           the AWS profile with the child's own keys
  --region NAME            of the API and of STS; otherwise taken from the address or AWS_REGION
  --duration-seconds N     900 to 3600, otherwise 3600
  --cache-dir DIR          where sessions are kept; otherwise the user's cache directory`,

  async run(args, env) {
    const options = parse(args);
    const profile = options.profile;
    const source = await sourceOf(options);
    const address = options['api-url'] ?? options['offer-url'] ?? '';
    const region = options.region ?? regionOfApi(address) ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
    if (!region) throw new UsageError('Which Region? Give --region.');
    refuseCircle(env);
    const credentials = await credentialProcess({
      source,
      credentials: () => ownCredentials(region, profile),
      region,
      takenAs: profile ?? env['AWS_PROFILE'] ?? env['AWS_ACCESS_KEY_ID'] ?? '',
      durationSeconds: durationOf(options['duration-seconds']),
      cacheDirectory: options['cache-dir'] ?? env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    });
    return JSON.stringify(credentials);
  },
};

// --- internal ---

type Options = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        alias: { type: 'string' },
        'api-url': { type: 'string' },
        'offer-url': { type: 'string' },
        'offer-file': { type: 'string' },
        profile: { type: 'string' },
        region: { type: 'string' },
        'duration-seconds': { type: 'string' },
        'cache-dir': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function sourceOf(options: Options): Promise<OfferSource> {
  const { alias, 'api-url': apiUrl, 'offer-url': offerUrl, 'offer-file': offerFile } = options;
  const given = [alias, offerUrl, offerFile].filter((value) => value !== undefined).length;
  if (given !== 1) throw new UsageError('Give one of --alias, --offer-url and --offer-file.');
  if ((alias === undefined) !== (apiUrl === undefined))
    throw new UsageError('--alias and --api-url belong together.');
  if (alias !== undefined && apiUrl !== undefined) return { alias, apiUrl: httpUrl('--api-url', apiUrl) };
  if (offerUrl !== undefined) return { offerUrl: httpUrl('--offer-url', offerUrl) };
  return { offer: await offerIn(offerFile ?? '') };
}

async function offerIn(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    // A parser's message quotes the file, and with it the external id.
    const reason =
      error instanceof SyntaxError ? 'is no JSON' : `cannot be read (${(error as { code?: string }).code})`;
    throw new UsageError(`--offer-file: ${file} ${reason}.`);
  }
}

function httpUrl(option: string, value: string): string {
  if (!URL.canParse(value)) throw new UsageError(`${option}: "${value}" is not a URL.`);
  if (!isUsableUrl(value))
    throw new UsageError(`${option}: "${value}" is not an https:// address without query or user name.`);
  return value;
}

function durationOf(value = '3600'): number {
  const seconds = /^\d{3,4}$/.test(value) ? Number(value) : 0;
  if (seconds < 900 || seconds > 3600) throw new UsageError('--duration-seconds must be 900 to 3600.');
  return seconds;
}

/** The SDK's usual chain: environment, profile, single sign-on, roles of machines. */
async function ownCredentials(region: string, profile: string | undefined) {
  const { STSClient } = await import('@aws-sdk/client-sts');
  // From here on a profile may start a credential_process of its own; ours would lead back here.
  process.env[mark] = '1';
  const sts = new STSClient({ region, ...(profile !== undefined && { profile }) });
  try {
    return await sts.config.credentials();
  } catch {
    // The chain names neither what it tried nor what failed.
    throw new UsageError(
      "No AWS credentials of the child account were found. Name the profile that holds the child's own keys with --profile; it cannot be the profile that this command serves.",
    );
  }
}

const mark = 'SHAREMAKER_CREDENTIAL_PROCESS';

/** AWS_PROFILE names the shared endpoint's profile when an SDK starts us, and is inherited. */
function refuseCircle(env: NodeJS.ProcessEnv): void {
  if (env[mark]) throw new UsageError("This profile's credentials would be taken with this very profile.");
}
