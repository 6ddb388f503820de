#!/usr/bin/env bash
# All tests with branch coverage of every process they start; arguments go to pytest.
# With arguments (a part of the tests) coverage is measured but not held to its limit.
# All tests run in TEST_WORKERS processes (2), a file's tests in one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
export COVERAGE_FILE="$PWD/.coverage"
bin=.venv/bin
rm -f .coverage .coverage.*
status=0
parallel=()
[ $# -gt 0 ] || parallel=(-n "${TEST_WORKERS:-2}" --dist loadfile --no-loadscope-reorder --durations=30)
"$bin/coverage" run -m pytest "${parallel[@]}" "$@" 2>&1 | tee .coverage-pytest.log || status=$?
closing=$(grep -E "^((FAILED|ERROR) |[0-9]+ (passed|failed|error|skipped))" .coverage-pytest.log || true)
rm -f .coverage-pytest.log
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
shopt -s nullglob
left=(.coverage.*)
if [ ${#left[@]} -gt 0 ]; then
  "$bin/coverage" combine --append --quiet "${left[@]}"
fi
if [ $# -eq 0 ]; then
  "$bin/coverage" report || status=$?
else
  "$bin/coverage" report --fail-under=0 | tail -n 1
fi
echo "$closing"
exit "$status"
