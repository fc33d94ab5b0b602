#!/usr/bin/env bash
# trace-cost.sh -- what tracing costs the program that is traced. trace/README.md has the figures.
set -euo pipefail

usage()
{
    cat <<'TEXT'
Usage: bench/trace-cost.sh [--build FOLDER] [--rounds N] [PART...]

  events       a transaction of eight words like wordcount's, at the level of conflicts and BUSY; an attempt that is
               watched; and each of its events alone. Recording off and on in turns: median, smallest and largest, in
               CPU time of the traced thread
  wordcount    throughput and CPU time: without the provider, with it but no recording, and recording conflicts and BUSY, or
               commits as well, in turns
  points       instructions a transfer between two keys: nobody watching, built without points, provider without recording

All three unless told otherwise; a round of wordcount takes some six seconds. FOLDER is build/release, N is 30.
Nothing of LTTng is left behind: it runs in namespaces of its own, which takes root or user namespaces.
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tests/trace/provider/recording.sh
. tests/trace/provider/recording.sh

build=build/release rounds=30 parts=()
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
        --help) usage; exit 0 ;;
        --build) build=$2; shift ;;
        --rounds) rounds=$2; shift ;;
        events|wordcount|points) parts+=("$1") ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(events wordcount points)
PROVIDER=$PWD/$build/trace/provider/libstm-trace.so
[ -e "$PROVIDER" ] || fail "$PROVIDER is missing: cmake --build --preset release"
enter_sandbox "$PWD/bench/trace-cost.sh" "${arguments[@]}"
mount -t tmpfs -o size=4g tmpfs /dev/shm

# Kept in memory and overwritten, so that no other thread of LTTng's writes files meanwhile.
# session_in_memory NAME EVENT [OPTION]
session_in_memory()
{
    quietly lttng create "$1" --snapshot --output="$work/$1"
    quietly lttng enable-channel -u --session="$1" --subbuf-size=1M --num-subbuf=4 --overwrite stm
    quietly lttng enable-event -u --session="$1" --channel=stm "stm:$2" "${@:3}"
}

part_events()
{
    local what switch_to
    for what in words attempt checkout commit publish conflict; do
        case $what in
            words) session_in_memory cost '*' --loglevel=NOTICE ;;
            attempt) session_in_memory cost starving ;;
            *)
                session_in_memory cost $what
                session_in_memory attempts starving
                quietly lttng start attempts ;;
        esac
        coproc cost { LD_PRELOAD=$PROVIDER "$build/bench/trace_cost" $what "$rounds"; }
        while read -r switch_to <&"${cost[0]}"; do
            case $switch_to in
                # It may be so already.
                on) timeout 60 lttng -q start cost >/dev/null 2>&1 || true ;;
                off) timeout 60 lttng -q stop cost >/dev/null 2>&1 || true ;;
                *) echo "${switch_to#result }"; break ;;
            esac
            echo >&"${cost[1]}"
        done
        wait || true
        quietly lttng destroy --all
    done
}

# wordcount_once MODE -- appends to $work/MODE: words a second, and CPU seconds
wordcount_once()
{
    local preload='' TIMEFORMAT='%U %S'
    case $1 in
        contention|commits)
            quietly lttng create "$1" --output="$work/trace"
            quietly lttng enable-channel -u --subbuf-size=8M --num-subbuf=8 stm
            quietly lttng enable-event -u --channel=stm 'stm:*' \
                --loglevel="$([ "$1" = contention ] && echo NOTICE || echo INFO)"
            quietly lttng start ;;
    esac
    [ "$1" = without ] || preload=$PROVIDER
    { time LD_PRELOAD=$preload "$build/examples/wordcount" --json --passes 150 --threads 2 >"$work/json"; } 2>"$work/time"
    echo "$(sed -nE 's/.*"words_per_second": ([0-9.]+).*/\1/p' "$work/json") $(awk '{ print $1 + $2 }' "$work/time")" >>"$work/$1"
    case $1 in
        contention|commits)
            timeout 60 lttng stop >"$work/quiet.log" 2>&1
            ! grep -i 'discarded\|lost' "$work/quiet.log" || fail "events were lost"
            quietly lttng destroy
            rm -rf "$work/trace" ;;
    esac
}

# median of the numbers on standard input, with the smallest and the largest
median()
{
    sort -g | awk '{ v[NR] = $1 } END { printf "%.3f (%.3f to %.3f)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

part_wordcount()
{
    local modes=(without loaded contention commits) round mode i
    for ((round = 0; round < rounds; round++)); do
        for ((i = 0; i < ${#modes[@]}; i++)); do
            wordcount_once "${modes[(round + i) % ${#modes[@]}]}"
        done
    done
    echo "wordcount, 2 threads, by round to a run without the provider:"
    for mode in loaded contention commits; do
        printf '%-11s throughput %s, CPU time %s\n' "$mode" \
            "$(paste "$work/$mode" "$work/without" | awk '{ print $1 / $3 }' | median)" \
            "$(paste "$work/$mode" "$work/without" | awk '{ print $2 / $4 }' | median)"
    done
}

# counted BENCH VARIANT -- instructions an operation
counted()
{
    bench/count.sh "$1" "$2" | sed -nE 's/^[^ ]+ +([0-9.]+) .*/\1/p'
}

# An operation of transfer passes five points: the beginnings and ends of its checkout and of its commit, and the reset.
part_points()
{
    local variant with without loaded
    command -v valgrind >/dev/null || fail "valgrind is missing (Debian: valgrind)"
    { cmake -S . -B build/without-points -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-DSTM_WITHOUT_POINTS \
        -DSTM_BUILD_TESTS=OFF -DSTM_BUILD_EXAMPLES=OFF -DSTM_BUILD_TRACE=OFF -DSTM_BUILD_SNAPSHOT=OFF &&
        cmake --build build/without-points --target stm_bench; } >"$work/build.log" 2>&1 || {
        cat "$work/build.log" >&2
        fail "the build without points failed"
    }
    for variant in transfer/names transfer/handles; do
        with=$(counted "$build/bench/stm-bench" $variant)
        without=$(counted build/without-points/bench/stm-bench $variant)
        loaded=$(LD_PRELOAD=$PROVIDER counted "$build/bench/stm-bench" $variant)
        awk -v variant=$variant -v with="$with" -v without="$without" -v loaded="$loaded" 'BEGIN {
            printf "%-16s %.1f instructions; %.1f without points: %.1f a point; %.1f with the provider and no recording\n",
                variant, with, without, (with - without) / 5, loaded }'
    done
}

for part in "${parts[@]}"; do
    "part_$part"
done
