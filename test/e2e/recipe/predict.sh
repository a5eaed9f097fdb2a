#!/usr/bin/env bash
# A prediction by the manual recipe. Usage: predict.sh ROLE_ARN EXTERNAL_ID ENDPOINT ROW
set -euo pipefail
role=$1 external_id=$2 endpoint=$3 row=$4

read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN < <(
  aws sts assume-role --role-arn "$role" --role-session-name by-hand --external-id "$external_id" \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text
)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

printf '%s' "$row" > row.csv
aws sagemaker-runtime invoke-endpoint --endpoint-name "$endpoint" --content-type text/csv --body fileb://row.csv \
  prediction.csv > answer.json
cat prediction.csv
