#!/usr/bin/env bash
# The parent's half of the manual recipe. Usage: parent.sh NAME ENDPOINT CHILD_ACCOUNT_ID
set -euo pipefail
name=$1 endpoint=$2 child=$3
account=$(aws sts get-caller-identity --query Account --output text)

cat > policy.json <<EOF
{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": "sagemaker:InvokeEndpoint",
    "Resource": "arn:aws:sagemaker:*:$account:endpoint/$endpoint"
  }]
}
EOF
cat > trust.json <<EOF
{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": { "AWS": "arn:aws:iam::$child:root" },
    "Action": "sts:AssumeRole"
  }]
}
EOF

policy=$(aws iam create-policy --policy-name "$name" --policy-document file://policy.json --query Policy.Arn --output text)
aws iam create-role --role-name "$name" --assume-role-policy-document file://trust.json --query Role.Arn --output text
aws iam attach-role-policy --role-name "$name" --policy-arn "$policy"
