#!/usr/bin/env bash
# Runs a tier of the tests: tests/run.sh TIER [pytest's arguments].
#   unit       no JVM, no server, no network: pyspark and py4j are refused
#   etl        unit, Spark and everything of the ETL on real servers, failed ones first
#   local-aws  the local AWS's own tests
#   platforms  deployed platforms: end to end, and what Terraform makes
#   proof      histories, crash points, a backlog of batches
#   all        all of these; branch coverage of every process, but not in the proof
# Paths among the arguments replace the tier's; they run in this process, without workers.
# TEST_WORKERS (2) processes share a tier, a file's tests (a group's, in platforms) in one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
declare -A paths=(
  [unit]="tests/unit tests/conventions"
  [etl]="tests/unit tests/conventions tests/spark tests/integration"
  [spark]="tests/spark"
  [integration]="tests/integration"
  [local-aws]="lib/awsglue_local/tests"
  [platforms]="tests/e2e tests/terraform"
  [proof]="tests/proof"
)
declare -A options=(
  [unit]="-p fixtures.no_spark"
  [etl]="--ff"
  [spark]="" [integration]="" [local-aws]="" [proof]=""
  [platforms]="--dist loadgroup"
)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

run_tier() {
  local tier=$1 argument given=()
  shift
  for argument in "$@"; do
    [ ! -e "${argument%%::*}" ] || given+=("$argument")
  done
  local command=("$bin/python" -m pytest)
  [ -z "${COVERAGE_FILE:-}" ] || command=("$bin/coverage" run -m pytest)
  # shellcheck disable=SC2206
  command+=(${options[$tier]})
  if [ ${#given[@]} -eq 0 ]; then
    # shellcheck disable=SC2206
    command+=(${paths[$tier]} -n "${TEST_WORKERS:-2}")
    [ "$tier" = platforms ] || command+=(--dist loadfile --no-loadscope-reorder)
  fi
  "${command[@]}" "$@"
}

run_all() {
  rm -f .coverage .coverage.*
  local tier status=0 recap=()
  for tier in unit spark integration local-aws platforms proof; do
    echo "== tests: $tier"
    local began=$SECONDS result=passed coverage=$PWD/.coverage
    [ "$tier" != proof ] || coverage=
    COVERAGE_FILE=$coverage run_tier "$tier" --durations=10 "$@" 2>&1 | tee "$log" || result=failed
    [ "$result" = passed ] || status=1
    recap+=("$(printf '%-12s %5d s  %s' "$tier" $((SECONDS - began)) "$(tail -n 1 "$log")")")
    while read -r line; do recap+=("  $line"); done < <(grep -E '^(FAILED|ERROR) ' "$log" || true)
    # What breaks without a server breaks everything: no use in waiting for the rest.
    [ "$tier $result" != "unit failed" ] || break
  done
  report_coverage || status=1
  printf '%s\n' "== tests: seconds of every tier" "${recap[@]}"
  return $status
}

report_coverage() {
  # A process that was killed while it wrote (Spark ends its Python workers so) leaves half a file.
  "$bin/python" - <<'END'
from pathlib import Path
from coverage import CoverageData, CoverageException
for path in Path().glob(".coverage.*"):
    try:
        CoverageData(str(path)).read()
    except CoverageException:
        path.unlink()
END
  "$bin/coverage" combine --quiet && "$bin/coverage" report
}

tier=${1:?usage: tests/run.sh TIER [arguments of pytest]}
shift
if [ "$tier" = all ]; then
  run_all "$@"
elif [ -n "${paths[$tier]:-}" ]; then
  run_tier "$tier" "$@"
else
  echo "tests/run.sh: no tier $tier; there are: unit, etl, local-aws, platforms, proof, all" >&2
  exit 2
fi
