"""A prediction by the manual recipe. Usage: predict.py ROLE_ARN EXTERNAL_ID ENDPOINT ROW; an empty EXTERNAL_ID sends none"""

import sys

import boto3

role, external_id, endpoint, row = sys.argv[1:]
more = {"ExternalId": external_id} if external_id else {}
session = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="by-hand", **more)["Credentials"]
runtime = boto3.client(
    "sagemaker-runtime",
    aws_access_key_id=session["AccessKeyId"],
    aws_secret_access_key=session["SecretAccessKey"],
    aws_session_token=session["SessionToken"],
)
answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=row)
print(answer["Body"].read().decode().strip())
