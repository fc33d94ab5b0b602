#!/usr/bin/env bash
# The command line that stm_testing_main gives a test. Arguments: queue_test, and the same with its bug.
set -euo pipefail
good=$(realpath "$1")
bad=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail()
{
    echo "test_command_line: $*" >&2
    exit 1
}

# expect STATUS COMMAND... -- its output goes to out
expect()
{
    local wanted=$1 status=0
    shift
    timeout 60 "$@" >out 2>&1 || status=$?
    [ "$status" -eq "$wanted" ] || fail "$* ended with $status and not $wanted: $(cat out)"
}

expect 0 "$good" --help
grep -q -- '--exhaustive N' out || fail "no help: $(cat out)"
expect 0 "$good" --version
grep -q '^stm-testing [0-9]' out || fail "no version: $(cat out)"
expect 0 "$good" --list
[ "$(cat out)" = queue ] || fail "not the list: $(cat out)"

for wrong in "--exhaustive 0" "--exhaustive none" "--random -1" "--steps 1000000000" "--program other" "--nonsense" absent; do
    # Its words are arguments.
    # shellcheck disable=SC2086
    expect 2 "$good" $wrong
    [ -s out ] || fail "nothing is said of $wrong"
done
expect 2 "$good" --schedule "0*12 five"
grep -q 'no schedule' out || fail "a bad schedule: $(cat out)"

# What was found comes back, as text and as bytes, small or as it was found.
expect 1 "$bad" --random 2000 --seed 3 --to-bytes found
grep -q '^again: ' out || fail "how to see it again is not told: $(cat out)"
schedule=$(sed -n 's/^again:.*--schedule "\(.*\)"$/\1/p' out)
expect 1 "$bad" --schedule "$schedule"
grep '^FAILED' out >text
expect 1 "$bad" --keep found
grep '^FAILED' out | cmp -s - text || fail "the bytes run otherwise than the text: $(cat out text)"
expect 0 "$good" --schedule "$schedule"
hash=$(grep -o 'hash .*' out)
expect 0 "$good" --schedule "$schedule" --threads
[ "$(grep -o 'hash .*' out)" = "$hash" ] || fail "real threads give another hash: $(cat out)"
expect 1 "$bad" --random 2000 --keep
expect 0 "$good" --pct 50 --delay-stores
grep -q 'stores delayed' out || fail "stores are not delayed: $(cat out)"
