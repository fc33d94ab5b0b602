#!/usr/bin/env bash
# Every mutant has a small programme that kills it (killed/, made by tools/mutants --renew): with the mutant an oracle
# objects, without it none does. Should the library make other accesses by now than when the schedule was written, a
# search of other schedules may find the mutant instead.
# Usage: test_killed.sh STM_REPLAY STM_MUTANTS
set -uo pipefail
replay=$1
mutants=$2
folder=$(dirname "${BASH_SOURCE[0]}")/killed
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

complain()
{
    echo "FAILED: $*" >&2
    failed=1
}

while read -r name _; do
    file=$folder/${name,,}.txt
    if [ ! -f "$file" ]; then
        complain "$name: there is no $file; tools/mutants --renew writes it"
        continue
    fi
    timeout 60 "$replay" --hash "$file" >/dev/null || complain "$name: without the mutant, status $?"
    status=0
    timeout 120 "$replay" --json --mutant "$name" --search 20000 "$file" >"$out" || status=$?
    [ $status -eq 1 ] || complain "$name: it survives (status $status)"
    grep -o '"objector": "[a-z]*"' "$out" | sed "s/.*: /$name: /"
done < <("$mutants" --list)
exit $failed
