#!/usr/bin/env bash
# The child's half of the manual recipe, with a group. Usage: child.sh NAME ROLE_ARN
set -euo pipefail
name=$1 role=$2

cat > may-assume.json <<EOF
{
  "Version": "2012-10-17",
  "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "$role" }]
}
EOF

aws iam create-group --group-name "$name" > group.json
aws iam put-group-policy --group-name "$name" --policy-name may-assume --policy-document file://may-assume.json
aws iam create-user --user-name "$name" > user.json
aws iam add-user-to-group --group-name "$name" --user-name "$name"
aws iam create-access-key --user-name "$name" --query AccessKey --output json
