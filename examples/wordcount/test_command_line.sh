#!/bin/sh
# What a user meets at the command line: errors that name the file or the option and exit with 2,
# output that stays quiet in a pipe, and JSON that says what the tables say.
#
# usage: test_command_line.sh path/to/wordcount
set -u

wordcount=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect STATUS TEXT argument ...: runs wordcount; its output must contain TEXT.
expect()
{
    wanted=$1 text=$2
    shift 2
    "$wordcount" "$@" > "$folder/out" 2> "$folder/err" < /dev/null
    status=$?
    if [ "$status" -ne "$wanted" ] || ! cat "$folder/out" "$folder/err" | grep -F -q -e "$text"; then
        echo "wordcount $*: exit $status, expected $wanted and \"$text\", got:" >&2
        cat "$folder/out" "$folder/err" >&2
        failures=$((failures + 1))
    fi
}

printf 'The cat and the hat. THE END' > "$folder/book"
mkdir "$folder/shelf" "$folder/shelf/empty"
cp "$folder/book" "$folder/shelf/one"
ln -s one "$folder/shelf/link"
head -c 5000 /dev/zero | tr '\0' x > "$folder/endless"

expect 0 'usage: wordcount' --help
expect 0 'libstm' --version
expect 0 '      3 the' --totals "$folder/book"
expect 0 '     12 the' --totals --passes 4 --threads 16 --words 3 "$folder/book"
expect 0 '      3 the' --totals "$folder/shelf"
expect 0 '      6 the' --totals "$folder/shelf" "$folder/shelf/link"
expect 0 'verified: all 5 totals' --passes 3 --key '%s' "$folder/book"
expect 0 '"words_counted": 14,' --passes 2 --json "$folder/book"
expect 0 '"verified": true' --passes 2 --json --top 0 "$folder/book"
expect 0 '"hottest_keys": [' --seconds 0.2 --json "$folder/book"

expect 2 'nowhere: No such file or directory' "$folder/book" "$folder/nowhere"
expect 2 'there are no words' "$folder/shelf/empty"
expect 2 'there are no words in the standard input' -
expect 2 'is too long for a key' "$folder/endless"
expect 2 '--threads 0: must be a whole number from 1' --threads 0
expect 2 '--words 8x: must be' --words 8x
expect 2 '--seconds nan: must be' --seconds nan
expect 2 '--key word: must contain %s once' --key word
expect 2 '--key %s%s: must contain %s once' --key %s%s
expect 2 'exclude each other' --passes 1 --seconds 1
expect 2 'exclude each other' --json --totals
expect 2 'use --passes' --totals --seconds 1
expect 2 'see wordcount --help' --unheard-of

# Quiet: nothing at all, and never a control character where there is no terminal.
if ! "$wordcount" --quiet --passes 1 "$folder/book" > "$folder/out" 2>&1 || [ -s "$folder/out" ]; then
    echo "--quiet is not quiet, or fails" >&2
    failures=$((failures + 1))
fi
expect 0 'verified' --seconds 0.5 "$folder/book"
if grep -q "$(printf '[\r\033]')" "$folder/out" "$folder/err" || [ -s "$folder/err" ]; then
    echo "there is a progress line in a pipe" >&2
    failures=$((failures + 1))
fi
"$wordcount" --passes 1 "$folder/book" > /dev/full 2> "$folder/err"
if [ $? -ne 2 ] || ! grep -q 'cannot write' "$folder/err"; then
    echo "a full disk goes unnoticed" >&2
    failures=$((failures + 1))
fi

[ "$failures" -eq 0 ] && echo "the command line behaves"
exit "$((failures != 0))"
