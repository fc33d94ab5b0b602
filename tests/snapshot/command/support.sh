# What the tests of stm-snapshot share. Sourced, with the test's own arguments: path/to/stm-snapshot path/to/make_files.
#
# Everything happens in a folder of the test's own, which is the current one. A test ends with `finish`.
# shellcheck shell=bash
set -u
export LC_ALL=C.UTF-8
unset NO_COLOR

snapshot=$(realpath "$1")
# shellcheck disable=SC2034
make_files=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0
checks=0

for tool in sqlite3 timeout; do
    command -v "$tool" > /dev/null || { echo "SKIPPED: there is no $tool"; exit 77; }
done

fail()
{
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# run STATUS argument ...: runs the command; its exit status must be that. Output: out, err.
run()
{
    local wanted=$1 status
    shift
    checks=$((checks + 1))
    timeout 60 "$snapshot" "$@" > out 2> err < /dev/null
    status=$?
    if [ "$status" -ne "$wanted" ]; then
        fail "stm-snapshot $*: exit status $status, not $wanted"
        head -c 2000 out err >&2
    fi
    if [ "$status" -ge 2 ] && [ ! -s err ]; then
        fail "stm-snapshot $*: exit status $status without a word"
    fi
}

# says TEXT: it is in what the last run put out.
says()
{
    checks=$((checks + 1))
    if ! cat out err | grep -F -q -e "$1"; then
        fail "there is no \"$1\" in:"
        head -c 3000 out err >&2
    fi
}

says_not()
{
    checks=$((checks + 1))
    if cat out err | grep -F -q -e "$1"; then
        fail "there should be no \"$1\" in:"
        head -c 3000 out err >&2
    fi
}

# is FILE: the last run's output is the standard input.
is()
{
    checks=$((checks + 1))
    cat > wanted
    if ! diff -u wanted out >&2; then
        fail "the output is another (see above)"
    fi
}

# same WHAT GOT WANTED
same()
{
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1: is \"$2\", not \"$3\""
}

# json PATH: what is there in the JSON of the last run, which has to be valid.
json()
{
    sqlite3 -batch :memory: "SELECT CASE WHEN json_valid(CAST(readfile('out') AS TEXT))
        THEN coalesce(json_extract(CAST(readfile('out') AS TEXT), '$1'), 'null') ELSE 'NOT JSON' END" 2>&1
}

# says_json PATH VALUE
says_json()
{
    same "$1" "$(json "$1")" "$2"
}

sql()
{
    sqlite3 -batch "$@"
}

finish()
{
    [ "$failures" -eq 0 ] && echo "$checks checks hold"
    exit "$((failures != 0))"
}
