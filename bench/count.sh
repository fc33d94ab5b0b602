#!/bin/sh
# count.sh -- instructions an operation, counted by callgrind: the same in every run, unlike times.
#
# Usage: count.sh [path of stm-bench [name of a variant ...]]     (names: stm-bench --list)
#
# Each variant runs twice, with different numbers of operations; the difference of the two counts, by
# the difference of the numbers, is what one operation costs, without start and fill.
set -eu

bench=${1:-build/release/bench/stm-bench}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- transfer/plain transfer/names transfer/handles transfer/begin-end transfer/atomically \
    read/plain read/names read/handles snapshot/get snapshot/take-release
few=10000
many=60000

command -v valgrind >/dev/null || { echo "count.sh: valgrind is missing (Debian: valgrind)" >&2; exit 1; }
[ -x "$bench" ] || { echo "count.sh: $bench is missing: cmake --build --preset release" >&2; exit 1; }

# instructions NAME NUMBER
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" --count "$1" "$2" 2>&1 >/dev/null |
        sed -n 's/.*Collected : *//p'
}

for name; do
    first=$(instructions "$name" "$few")
    second=$(instructions "$name" "$many")
    if [ -z "$first" ] || [ -z "$second" ]; then
        echo "count.sh: $name could not be counted" >&2
        exit 1
    fi
    awk -v name="$name" -v total=$((second - first)) -v operations=$((many - few)) \
        'BEGIN { printf "%-24s %8.1f instructions an operation\n", name, total / operations }'
done
