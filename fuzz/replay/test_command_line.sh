#!/usr/bin/env bash
# stm-replay from outside: what it prints, how it exits, and that its forms lead to each other.
# Usage: test_command_line.sh STM_REPLAY
set -euo pipefail
replay=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

# expect STATUS COMMAND... -- output in ./out, errors in ./err
expect()
{
    local wanted=$1 status=0
    shift
    timeout 60 "$@" >out 2>err || status=$?
    [ $status -eq "$wanted" ] || fail "status $status and not $wanted: $*: $(cat err)"
}

cat >skew.txt <<'TEXT'
keys 2
T0: begin; get k0; set k1 = k0+1; commit; conflicts
T1: begin; get k1; set k0 = k1+1; commit
schedule: T0*40 T1*48 T0*6 T1*1
TEXT

expect 0 "$replay" --help
grep -q '^usage: stm-replay' out || fail "no usage"
expect 0 "$replay" --version
expect 0 "$replay" --oracles
[ "$(wc -l <out)" -ge 10 ] || fail "few oracles"

expect 0 "$replay" skew.txt
head -n 1 out | grep -q 'step  T0 .* T1' || fail "no columns"
grep -q 'commit: CONFLICT; k[01] v1, now v2 by T[01]$' out || fail "no CONFLICT, or no winner: $(cat out)"
grep -q 'commit: OK' out || fail "no commit"
grep -q '^no oracle objects' out || fail "no verdict"
grep -q "hash $("$replay" --hash skew.txt)" out || fail "who is shown the run sees another one"
cp out first

# The same by calls instead of accesses: both have read before either commits.
sed 's/^schedule:.*/schedule: T0:2 T1:4 T0:5/' skew.txt >calls.txt
expect 0 "$replay" calls.txt
grep -qE '^ +[0-9]+  commit: CONFLICT' out || fail "T0 has not lost: $(cat out)"
sed -i 's/^schedule:.*/schedule: T0:4 T1:4/' calls.txt
expect 0 "$replay" calls.txt
! grep -q 'CONFLICT' out || fail "one after the other, and a CONFLICT: $(cat out)"

expect 0 "$replay" --steps skew.txt
[ "$(wc -l <out)" -gt 100 ] || fail "no steps"

# The forms lead to each other, and to the same run.
expect 0 "$replay" --to-text skew.txt
cp out canonical.txt
grep -q '^T0: begin; get k0; set k1; commit; conflicts$' out || fail "not the same calls: $(cat out)"
expect 0 "$replay" --to-bytes skew.txt
cp out skew.bytes
expect 0 "$replay" --to-text --from-bytes skew.bytes
cmp -s out canonical.txt || fail "another programme came back"
expect 0 "$replay" skew.bytes
cmp -s out first || fail "the bytes run otherwise"
expect 0 "$replay" - <skew.txt
cmp -s out first || fail "the standard input runs otherwise"

for form in skew.txt skew.bytes canonical.txt; do
    expect 0 "$replay" --hash $form
    cat out >>hashes
done
expect 0 "$replay" --hash --threads skew.txt
cat out >>hashes
[ "$(sort -u hashes | wc -l)" -eq 1 ] || fail "hashes differ: $(cat hashes)"

expect 0 "$replay" --json --search 500 skew.txt
grep -q '"objector": "none".*"runs": 501' out || fail "JSON: $(cat out)"

# Any bytes are a programme, none too.
head -c 300 /dev/zero >zeros
: >empty
for form in zeros empty "$replay"; do
    head -c 300 "$form" >any
    expect 0 "$replay" --from-bytes any
done

# Trouble says what, and where.
expect 2 "$replay"
expect 2 "$replay" --bogus skew.txt
expect 2 "$replay" nowhere.txt
grep -q 'nowhere.txt: No such file' err || fail "no reason: $(cat err)"
echo 'T0: fetch k0' >wrong.txt
expect 2 "$replay" wrong.txt
grep -q 'wrong.txt: line 1: no call is named "fetch"; there are begin' err || fail "no place: $(cat err)"
expect 2 "$replay" --silence nobody skew.txt
expect 2 "$replay" --regress ../x skew.txt
echo "all is as it should be"
