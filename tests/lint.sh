#!/usr/bin/env bash
# Format, style, types, import rules and security checks. Says what it could not run, and why.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

check() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

safety() {
  # safety 3 asks its vendor's server; safety 2 with PyPI's safety-db works offline, in a venv of its own.
  local venv=.venv/safety
  if [ ! -f "$venv/.complete" ]; then
    "$bin/python" -m venv "$venv" \
      && "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/safety.lock \
      && touch "$venv/.complete" || return 1
  fi
  local database
  database=$(find "$venv/lib" -type d -name safety_db)
  echo "database of safety-db $("$venv/bin/python" -c 'import importlib.metadata as m; print(m.version("safety-db"))'): knows nothing newer"
  grep -E '^[a-z0-9._-]+==' requirements/dev.lock | sed 's/ .*//' >"$venv/packages.txt"
  "$venv/bin/safety" check -r "$venv/packages.txt" --db "$database" --output bare \
    --disable-audit-and-monitor >"$venv/report.txt" 2>&1
  local status=$?
  [ $status -eq 0 ] && echo "no known vulnerability in $(wc -l <"$venv/packages.txt") packages" || cat "$venv/report.txt"
  return $status
}

audit() {
  local report=.venv/pip-audit.txt
  "$bin/pip-audit" --requirement requirements/dev.lock --disable-pip --progress-spinner off >"$report" 2>&1
  local status=$?
  if [ $status -ne 0 ] && ! grep -q 'known vulnerabilit' "$report"; then
    echo "NOT RUN: pip-audit cannot reach its vulnerability service from this network"
    return 0
  fi
  if ! grep -qvE 'could not be audited|^Name|^-|^$|No known' "$report" && grep -q 'could not be audited' "$report"; then
    echo "NOT RUN: pip-audit's service knows none of the packages from this network"
    return 0
  fi
  cat "$report"
  return $status
}

terraform_security() {
  # In a venv of its own, without a question to its vendor; waivers stand in the files, with reasons.
  local venv=.venv/checkov
  if [ ! -f "$venv/.complete" ]; then
    "$bin/python" -m venv "$venv" \
      && "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/checkov.lock \
      && touch "$venv/.complete" || return 1
  fi
  "$venv/bin/checkov" --directory terraform --framework terraform --compact --quiet --skip-download 2>&1
}

check "ruff format" "$bin/ruff" format --check --quiet .
check "ruff check" "$bin/ruff" check --quiet .
check "mypy (strict on lib/totesys_etl)" "$bin/mypy"
check "import-linter" "$bin/lint-imports" --no-cache
check "bandit (what ships)" "$bin/bandit" --quiet --recursive lib/totesys_etl glue_jobs
# The rest starts processes of its own making, and its random data is no secret.
check "bandit (local tools)" "$bin/bandit" --quiet --recursive --skip B404,B603,B311,B108 \
  lib/awsglue_local lib/totesys_demo lib/totesys_deploy lib/totesys_simulator
check "checkov" terraform_security
check "safety" safety
check "pip-audit" audit

if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
echo "lint: all checks that ran passed"
