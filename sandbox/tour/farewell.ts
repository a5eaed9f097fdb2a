/** What `npm start` leaves on the screen: accounts, keys, addresses, and three commands that work as they stand. */

import type { Place } from './cast.ts';

export function farewell(place: Place): string[] {
  const { parent, child, outsider, region, awsEndpointUrl } = place;
  const keys = ({ accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }) =>
    `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
  return [
    '',
    'The sandbox stays up; Ctrl-C ends it. Its state lives in memory only, and its keys open nothing else.',
    '',
    `  every AWS service   ${awsEndpointUrl}   (region ${region})`,
    `  grant API, parent   ${parent.apiUrl}`,
    `  invoke API, child   ${child.apiUrl}`,
    `  control             ${place.controlUrl}`,
    '',
    ...(
      [
        ['parent', parent],
        ['child', child],
        ['outsider', outsider],
      ] as const
    ).map(
      ([name, { accountId, credentials }]) =>
        `  ${name.padEnd(8)} ${accountId}  ${credentials.accessKeyId}  ${credentials.secretAccessKey}`,
    ),
    '',
    'Try it. List the grants, with curl:',
    '',
    `  curl -s --aws-sigv4 aws:amz:${region}:execute-api --user ${parent.credentials.accessKeyId}:${parent.credentials.secretAccessKey} ${parent.apiUrl}/grants`,
    '',
    'Look at the roles Sharemaker made, with the AWS CLI:',
    '',
    `  ${keys(parent.credentials)} aws --endpoint-url ${awsEndpointUrl} --region ${region} iam list-roles --path-prefix /sharemaker/`,
    '',
    'Ask a model of the parent, as the parent, with boto3:',
    '',
    `  ${keys(parent.credentials)} python3 -c "import boto3; print(boto3.client('sagemaker-runtime', region_name='${region}', endpoint_url='${awsEndpointUrl}').invoke_endpoint(EndpointName='Iris-Classifier', ContentType='text/csv', Body='5.1,3.5,1.4,0.2')['Body'].read())"`,
    '',
  ];
}
