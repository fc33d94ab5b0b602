#!/usr/bin/env bash
# trace-cost.sh -- what tracing costs the program that is traced. trace/README.md has the figures.
set -euo pipefail

usage()
{
    cat <<'TEXT'
Usage: bench/trace-cost.sh [--build FOLDER] [--rounds N] [PART...]

  events       an attempt that is watched, and each of its events alone, recording off and on in turns: median, smallest
               and largest, in CPU time of the traced thread
  wordcount    its throughput without the provider, with it but no recording, and recording at two levels, in turns
  points       instructions that a transaction takes with nobody watching, and with the provider but no recording

All three unless told otherwise. FOLDER is build/release, N is 30 (15 for wordcount, which takes a second each time).
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
session_in_memory()
{
    quietly lttng create "$1" --snapshot --output="$work/$1"
    quietly lttng enable-channel -u --session="$1" --subbuf-size=1M --num-subbuf=4 --overwrite stm
    quietly lttng enable-event -u --session="$1" --channel=stm "stm:$2"
}

part_events()
{
    local what switch_to
    for what in attempt checkout commit publish conflict; do
        if [ $what = attempt ]; then
            session_in_memory cost starving
        else
            session_in_memory cost $what
            session_in_memory attempts starving
            quietly lttng start attempts
        fi
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

# words -- words a second of one run
words()
{
    timeout 60 env "$@" "$build/examples/wordcount" --json --seconds 1 --threads 2 | sed -nE 's/.*"words_per_second": *([0-9.]+).*/\1/p'
}

for part in "${parts[@]}"; do
    "part_$part"
done
