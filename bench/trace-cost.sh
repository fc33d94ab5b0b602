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
  wordcount    CPU time of two wordcounts side by side, one of them with the provider: nothing recorded, conflicts and BUSY
               recorded, and commits as well
  points       instructions a transfer between two keys: nobody watching, built without points, provider without recording

All three unless told otherwise; a round of wordcount takes five seconds or more. FOLDER is build/release, N is 30.
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

# cpu_seconds PRELOAD PASSES -- of wordcount, all its threads together
cpu_seconds()
{
    local TIMEFORMAT='%U %S'
    { time LD_PRELOAD=$1 "$build/examples/wordcount" --quiet --passes "$2" --threads 2; } 2>&1 | awk '{ print $1 + $2 }'
}

# pair -- prints what fraction more the watched one of two wordcounts takes, run side by side; starting up does not count
pair()
{
    local start start_watched
    start=$(cpu_seconds '' 1)
    start_watched=$(cpu_seconds "$PROVIDER" 1)
    cpu_seconds '' 200 >"$work/alone" &
    local alone=$!
    cpu_seconds "$PROVIDER" 200 >"$work/watched" &
    wait "$alone" $!
    echo "$start $(cat "$work/alone") $start_watched $(cat "$work/watched")" | awk '{ print ($4 - $3) / ($2 - $1) }'
}

# median of the numbers on standard input, with the smallest and the largest
median()
{
    sort -g | awk '{ v[NR] = $1 } END { printf "%.3f (%.3f to %.3f)\n", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# Side by side, both meet the same neighbours, and what these do to the clock and the caches does not count.
part_wordcount()
{
    local mode levels=([1]=NOTICE [2]=INFO) names=("provider, no recording" "conflicts and BUSY" "and commits") i
    for mode in 0 1 2; do
        if [ $mode != 0 ]; then
            quietly lttng create wordcount --output="$work/trace"
            quietly lttng enable-channel -u --subbuf-size=8M --num-subbuf=8 stm
            quietly lttng enable-event -u --channel=stm 'stm:*' --loglevel="${levels[$mode]}"
            quietly lttng start
        fi
        for ((i = 0; i < rounds; i++)); do pair; done >"$work/pairs"
        printf '%-24s CPU time %s of that without the provider\n' "${names[$mode]}" "$(median <"$work/pairs")"
        if [ $mode != 0 ]; then
            timeout 60 lttng stop >"$work/quiet.log" 2>&1
            ! grep -i 'discarded\|lost' "$work/quiet.log" || fail "events were lost"
            quietly lttng destroy
            rm -rf "$work/trace"
        fi
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
