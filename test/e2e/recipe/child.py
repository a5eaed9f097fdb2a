"""The child's half of the manual recipe, with an inline policy of the user. Usage: child.py NAME ROLE_ARN"""

import json
import sys

import boto3

name, role = sys.argv[1:]
iam = boto3.client("iam")
iam.create_user(UserName=name)
iam.put_user_policy(
    UserName=name,
    PolicyName="may-assume",
    PolicyDocument=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}],
        }
    ),
)
key = iam.create_access_key(UserName=name)["AccessKey"]
print(json.dumps(key, default=str))
