#!/usr/bin/env bash
# terraform for one environment: run.sh plan|deploy|destroy|output ENV. State in s3://$STATE_BUCKET.
set -euo pipefail
cd "$(dirname "$0")"
action=${1:?plan, deploy, destroy or output}
env=${2:-}
if [ -z "$env" ] || [ ! -f "environments/$env.tfvars" ]; then
  echo "no environment '$env': give ENV=name, and copy terraform.tfvars.example to terraform/environments/<name>.tfvars" >&2
  exit 2
fi
: "${STATE_BUCKET:?set STATE_BUCKET to the bucket that terraform/bootstrap made}"
export TF_DATA_DIR=".terraform-$env"
terraform init -input=false -reconfigure \
  -backend-config="bucket=$STATE_BUCKET" -backend-config="key=totesys/$env.tfstate" \
  -backend-config="region=${STATE_REGION:-${AWS_REGION:-eu-west-2}}" -backend-config="use_lockfile=true" >/dev/null
case $action in
  plan) terraform plan -var-file="environments/$env.tfvars" ;;
  deploy) terraform apply -var-file="environments/$env.tfvars" ${AUTO_APPROVE:+-auto-approve} ;;
  destroy) terraform destroy -var-file="environments/$env.tfvars" ;;
  output) terraform output -json ;;
  *) echo "unknown action $action: plan, deploy, destroy or output" >&2; exit 2 ;;
esac
