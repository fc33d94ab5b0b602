#!/bin/sh
# What wordcount saves says by SQL what tr, sort and uniq say of the same text; a second run replaces the
# first; and a file that is something else is left alone.
#
# usage: test_snapshot.sh path/to/wordcount [file or folder ...]
set -eu
LC_ALL=C
export LC_ALL

wordcount=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail()
{
    echo "$*" >&2
    exit 1
}

find -H "$@" -type f -exec cat {} + | tr -cs '[:alpha:]' '\n' | tr '[:upper:]' '[:lower:]' | sed '/^$/d' |
    sort | uniq -c | awk '{ print $2 "|" $1 }' | sort > "$folder/right"
[ -s "$folder/right" ] || fail "there are no words in $*"

for passes in 2 1; do
    "$wordcount" --quiet --passes $passes --snapshot "$folder/words.db" "$@"
    sqlite3 "$folder/words.db" "select substr(key, 6), value / $passes from kv_text" | sort > "$folder/saved"
    cmp "$folder/right" "$folder/saved" || fail "the snapshot of $passes passes differs from coreutils"
done
[ "$(sqlite3 "$folder/words.db" 'select count(*) from snapshots')" = 1 ] || fail "the first snapshot was not replaced"

echo "something else" > "$folder/other"
if "$wordcount" --quiet --passes 1 --snapshot "$folder/other" "$@" 2> "$folder/err"; then
    fail "a foreign file was taken for a snapshot"
fi
grep -q "$folder/other" "$folder/err" || fail "the message does not name the file: $(cat "$folder/err")"
[ "$(cat "$folder/other")" = "something else" ] || fail "a foreign file was overwritten"
echo "$(wc -l < "$folder/right") different words, the same by SQL and by coreutils"
