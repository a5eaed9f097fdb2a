"""The parent's half of the manual recipe. Usage: parent.py NAME ENDPOINT CHILD_ACCOUNT_ID"""

import json
import sys

import boto3

name, endpoint, child = sys.argv[1:]
account = boto3.client("sts").get_caller_identity()["Account"]
iam = boto3.client("iam")


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


policy = iam.create_policy(
    PolicyName=name,
    PolicyDocument=document(
        Action="sagemaker:InvokeEndpoint",
        Resource=f"arn:aws:sagemaker:*:{account}:endpoint/{endpoint}",
    ),
)
role = iam.create_role(
    RoleName=name,
    AssumeRolePolicyDocument=document(
        Principal={"AWS": f"arn:aws:iam::{child}:root"}, Action="sts:AssumeRole"
    ),
)
iam.attach_role_policy(RoleName=name, PolicyArn=policy["Policy"]["Arn"])
print(role["Role"]["Arn"])
