#!/usr/bin/env bash
# inspect_test.sh INSPECT -- the prompt answers, its instants are whole, and its files can be read.
set -euo pipefail

inspect=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail()
{
    echo "inspect_test: $*" >&2
    exit 1
}

# Whatever has been served by then: the sum by dish is the total, in every statement.
statement="select (select sum(value) from stm where key_text glob 'served:*') - (select value from stm
    where key_text = 'total');"
{
    sleep 0.3
    for _ in {1..50}; do echo "$statement"; done
    echo "select count(*) from stm where writer_label glob 'clerk [01]';"
    echo ".save $folder/state.db"
    echo ".add $folder/state.db"
    echo .quit
} | timeout 60 "$inspect" > "$folder/out"
[ "$(head -n 50 "$folder/out" | sort -u)" = 0 ] || fail "a statement saw two instants: $(sort -u "$folder/out")"
[ "$(tail -n 1 "$folder/out")" = 6 ] || fail "not all keys are shown: $(tail -n 1 "$folder/out")"
if command -v sqlite3 >/dev/null; then
    [ "$(sqlite3 "$folder/state.db" 'select count(*) from snapshots')" = 2 ] || fail "not two snapshots"
fi

"$inspect" --help | grep -q '^usage: inspect' || fail "no help"
! "$inspect" --nonsense 2>/dev/null || fail "nonsense is taken"
! echo 'select x from nowhere;' | timeout 60 "$inspect" 2>"$folder/err" || fail "an error is not told"
grep -q 'no such table' "$folder/err" || fail "an error is not explained"
! echo '.save /no/such/folder/x' | timeout 60 "$inspect" 2>"$folder/err" || fail "a failed save is not told"
! printf 'select 1' | timeout 60 "$inspect" 2>/dev/null || fail "half a statement is taken"
