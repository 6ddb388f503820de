#!/usr/bin/env bash
# Format, style, types, import rules, insecure code: seconds, no server.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

check() {
  local name=$1 began=$SECONDS
  shift
  "$@" || failed+=("$name")
  printf '%4d s  %s\n' $((SECONDS - began)) "$name"
}

check "ruff format" "$bin/ruff" format --check --quiet .
check "ruff check" "$bin/ruff" check --quiet .
check "mypy (strict)" "$bin/mypy" --no-error-summary
check "import-linter" "$bin/lint-imports" --no-cache --no-logo
check "bandit (what ships)" "$bin/bandit" --quiet --recursive lib/totesys_etl glue_jobs
# The rest starts processes of its own making, and its random data is no secret.
check "bandit (local tools)" "$bin/bandit" --quiet --recursive --skip B404,B603,B311,B108 \
  lib/awsglue_local/awsglue lib/awsglue_local/awsglue_local lib/totesys_demo lib/totesys_deploy \
  lib/totesys_simulator tools

if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
echo "lint: all checks passed"
