#!/bin/sh
# Counts the words of the same text by wordcount and by tr, sort and uniq, and wants both to agree:
# not a line of code in common, so that no mistake can hide in both.
#
# usage: compare_with_coreutils.sh path/to/wordcount [file or folder ...]
set -eu
LC_ALL=C
export LC_ALL

wordcount=$1
shift
[ $# -gt 0 ] || set -- /usr/share/common-licenses

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

find -H "$@" -type f -exec cat {} + > "$folder/text"
tr -cs '[:alpha:]' '\n' < "$folder/text" | tr '[:upper:]' '[:lower:]' | sed '/^$/d' | sort | uniq -c > "$folder/right"
[ -s "$folder/right" ] || { echo "there are no words in $*" >&2; exit 1; }

# As files of a folder, as the standard input, and by transactions of other sizes.
"$wordcount" --totals "$@" > "$folder/files"
"$wordcount" --totals --words 1 --threads 2 - < "$folder/text" > "$folder/single"
"$wordcount" --totals --words 100 --threads 8 --key 'counts/%s' "$folder/text" > "$folder/many"

for counted in files single many; do
    diff "$folder/right" "$folder/$counted" > "$folder/difference" || {
        echo "wordcount ($counted) differs from coreutils:" >&2
        head -n 20 "$folder/difference" >&2
        exit 1
    }
done
echo "$(wc -l < "$folder/right") different words, counted alike by wordcount and by coreutils"
