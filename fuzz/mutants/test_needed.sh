#!/usr/bin/env bash
# Each oracle is needed: for each there is a mutant whose programme in killed/ it alone objects to, so that with the oracle
# silent nobody does. With --search SECONDS the mutant must survive a search as well, of programmes made up by chance.
# Usage: test_needed.sh STM_REPLAY STM_MUTANTS [--search SECONDS]
set -uo pipefail
replay=$1
mutants=$2
seconds=${4:-}
folder=$(dirname "${BASH_SOURCE[0]}")/killed
failed=0

# Those that a test makes itself are not judged here.
needs="
result   OWN_WRITE_UNSEEN
steps    SPINS_FOR_EVER
rest     BUSY_KEEPS_KEY
history  HELD_NOT_CHECKED
revision READER_TOLD_EARLIER
snapshot SNAPSHOT_TOLD_LATER
overlap  BUSY_FOR_CONFLICT
winner   WRONG_WINNER
memory   LEAKED_VERSION
trace    UNSTEADY
crash    EPOCH_NOT_ENTERED"

complain()
{
    echo "FAILED: $*" >&2
    failed=1
}

judge()
{
    local oracle=$1 mutant=$2 file=$folder/${2,,}.txt objector status=0
    objector=$(timeout 60 "$replay" --json --mutant "$mutant" "$file" </dev/null |
        sed -n 's/.*"objector": "\([a-z]*\)".*/\1/p')
    [ "$objector" = "$oracle" ] || complain "$mutant: $oracle is to object, and ${objector:-nobody} does"
    timeout 60 "$replay" --json --mutant "$mutant" --silence "$oracle" "$file" </dev/null >/dev/null || status=$?
    [ $status -eq 0 ] || complain "$mutant: without $oracle, status $status"
    if [ -n "$seconds" ]; then
        timeout 600 "$mutants" --json --seconds "$seconds" --silence "$oracle" "$mutant" </dev/null |
            grep -q '"killed_by": ""' || complain "$mutant: another oracle finds it without $oracle"
    fi
    printf '%-10s alone finds %s\n' "$oracle" "$mutant"
}

while read -r oracle _; do
    mutant=$(sed -n "s/^$oracle  *//p" <<<"$needs")
    if [ -n "$mutant" ]; then
        judge "$oracle" "$mutant"
    elif [ "$oracle" != assertion ]; then
        complain "$oracle: no mutant is known that only it finds"
    fi
done < <("$replay" --oracles)
exit $failed
