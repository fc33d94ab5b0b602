#!/usr/bin/env bash
# stm-exhaust: the smallest grammar is run to its end and nobody objects; with a bug in the library somebody does, also
# with one that only late stores show; and the finding is a programme that stm-replay finds wanting, too.
# Usage: test_command_line.sh STM_EXHAUST STM_REPLAY
set -uo pipefail
exhaust=$1
replay=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
small=(--threads 2 --transactions 1 --preemptions 1)

complain()
{
    echo "FAILED: $*" >&2
    failed=1
}

# run STATUS ARGUMENT... -- the command ends with this status; its output is in $folder/out and $folder/err
run()
{
    local wanted=$1 status=0
    shift
    timeout 240 "$exhaust" "$@" >"$folder/out" 2>"$folder/err" || status=$?
    [ $status -eq "$wanted" ] || complain "$*: status $status, not $wanted: $(cat "$folder/err")"
}

says()
{
    grep -q -- "$1" "$folder/$2" || complain "no \"$1\" in: $(cat "$folder/$2")"
}

run 0 --help
says '^usage: stm-exhaust' out
run 0 --version
says '^stm-exhaust [0-9]' out
run 2 --mutant NO_SUCH
says 'stm-mutants --list' err
run 2 --share 3/2
run 2 --threads 5
run 2 --list
run 2 something

# Of 13 transactions two threads of one each make 13 * 14 / 2 programmes. Some are their own when the keys are
# exchanged, those count once; of the others there are two each: 51.
run 0 --list --threads 2 --transactions 1
[ "$(grep -c '^T1:' "$folder/out")" -eq 51 ] || complain "--list: $(grep -c '^T1:' "$folder/out") programmes, not 51"
[ "$(grep '^T[01]:' "$folder/out" | paste - - | sort | uniq -d | wc -l)" -eq 0 ] || complain "a programme is listed twice"

run 0 "${small[@]}" --json
[ "$(grep -c '"programmes": 51, .*"objector": ""' "$folder/out")" -eq 2 ] || complain "--json: $(cat "$folder/out")"
whole=$(sed -n 's/.*"schedules": \([0-9]*\),.*/\1/p' "$folder/out" | awk "{ sum += \$1 } END { print sum }")
[ "${whole:-0}" -gt 2000 ] || complain "only $whole schedules"

# The shares of the programmes make up all of them, and one process makes the same schedules as several.
sum=0
for share in 1/2 2/2; do
    run 0 "${small[@]}" --json --share $share --jobs 1
    sum=$((sum + $(sed -n 's/.*"schedules": \([0-9]*\),.*/\1/p' "$folder/out" | awk "{ sum += \$1 } END { print sum }")))
done
[ $sum -eq "$whole" ] || complain "the shares make $sum schedules together, all of it $whole"

# To go on from where runs were kept, and to leave them where all that follows is known, changes no number; only fewer runs
# are made. (Under a sanitizer none is kept.)
pick()
{
    sed -n "s/.*\"$1\": \([0-9]*\),.*/\1/p" "$folder/out" | tr '\n' ' '
}
run 0 "${small[@]}" --preemptions 2 --share 1/3 --json
kept=$(pick schedules)
run 0 "${small[@]}" --preemptions 2 --share 1/3 --json --whole
[ "$kept" = "$(pick schedules)" ] || complain "$kept schedules; with --whole $(pick schedules)"

# MUTANT ORACLE -- found; and once more by what stm-exhaust prints, but only with the bug
finds()
{
    run 1 "${small[@]}" --mutant "$1"
    says "^# $2 objects" out
    sed -n '/^# /,$p' "$folder/out" >"$folder/finding.txt"
    timeout 60 "$replay" --hash "$folder/finding.txt" >/dev/null || complain "$1: the finding fails without the bug"
    timeout 60 "$replay" --hash --mutant "$1" "$folder/finding.txt" >/dev/null 2>&1
    [ $? -eq 1 ] || complain "$1: stm-replay finds nothing wrong with $(cat "$folder/finding.txt")"
}

finds NO_VALIDATION history
finds HOLD_WITHOUT_CAS history
finds NO_BUMP_BY_SNAPSHOT snapshot
finds WEAK_INSTALL history
says '^stores delayed' out
finds WEAK_FINISH history
says '^stores delayed' out
exit $failed
