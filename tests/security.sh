#!/usr/bin/env bash
# The slow checks: Terraform's settings, known vulnerabilities. Says what it could not run, and why.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

check() {
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  "$@" || failed+=("$name")
  printf '%4d s  %s\n' $((SECONDS - began)) "$name"
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

check "checkov" terraform_security
check "safety" safety
check "pip-audit" audit

if [ ${#failed[@]} -gt 0 ]; then
  printf 'security failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
echo "security: all checks that ran passed"
