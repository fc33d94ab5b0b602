# shellcheck shell=bash
# recording.sh -- LTTng for a test of its own: sourced by the tests beside it.
#
# The test runs in namespaces of its own: its session daemon, its shared memory and its processes are seen by nobody
# else, and are gone with it, however it ends. (As root LTTng knows one place for its daemon only, /var/run/lttng.)

fail()
{
    echo "$(basename "$0"): $*" >&2
    exit 1
}

skip()
{
    echo "$(basename "$0"): skipped: $*" >&2
    exit 77
}

# enter_sandbox "$0" "$@" -- begins the script again inside, once.
enter_sandbox()
{
    [ "${IN_SANDBOX:-}" != yes ] || { furnish_sandbox; return; }
    local unshare=(unshare --mount --pid --fork --kill-child --mount-proc)
    [ "$(id -u)" = 0 ] || unshare+=(--map-root-user)
    "${unshare[@]}" mount -t tmpfs tmpfs /run 2>/dev/null || skip "namespaces are not possible here"
    IN_SANDBOX=yes exec "${unshare[@]}" "$@"
}

furnish_sandbox()
{
    mount -t tmpfs tmpfs /run
    mkdir -p /run/lttng
    mount -t tmpfs -o size=512m tmpfs /dev/shm
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    export LTTNG_HOME=$work LTTNG_UST_REGISTER_TIMEOUT=-1
    # The group: in a user's own namespace there is none but his.
    timeout 60 lttng-sessiond --daemonize --no-kernel --group=root >"$work/sessiond.log" 2>&1 || {
        cat "$work/sessiond.log" >&2
        fail "lttng-sessiond does not start"
    }
}

# quietly COMMAND... -- its output is shown only if it fails
quietly()
{
    timeout 60 "$@" >"$work/quiet.log" 2>&1 || { cat "$work/quiet.log" >&2; fail "failed: $*"; }
}

# session_create NAME LEVEL -- a session under $work/NAME, not started
session_create()
{
    quietly lttng create "$1" --output="$work/$1"
    quietly lttng enable-channel -u --session="$1" --subbuf-size=2M --num-subbuf=8 stm
    quietly lttng add-context -u --session="$1" --channel=stm --type=vpid --type=vtid
    quietly lttng enable-event -u --session="$1" --channel=stm 'stm:*' --loglevel="$2"
}

# watched COMMAND... -- with the provider preloaded. gcc's AddressSanitizer wants to be the first library.
watched()
{
    timeout 100 env LD_PRELOAD="$PROVIDER${FORK_HELPER:+:$FORK_HELPER}" ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

session_end()
{
    quietly lttng stop "$1"
    ! grep -qi 'discarded\|lost' "$work/quiet.log" || fail "events were lost: $(cat "$work/quiet.log")"
    quietly lttng destroy "$1"
}

# record NAME LEVEL COMMAND... -- its standard output goes to $work/NAME.out
record()
{
    local name=$1 level=$2
    shift 2
    session_create "$name" "$level"
    quietly lttng start "$name"
    "$@" >"$work/$name.out" || fail "exit code $? from: $*"
    session_end "$name"
}

# trace_lines NAME -- its events, a line each: event time=N vpid=N vtid=N field=value ...
# Strings are in quotes, enumerators bare, k0 and k1 as 16 digits.
trace_lines()
{
    timeout 100 babeltrace2 --clock-cycles "$work/$1" | sed -E '
        s/^\[0*([0-9]+)\].* stm:([a-z_]+): \{ cpu_id = [0-9]+ \}, \{ (.*) \}, \{ (.*) \}$/\2, time = \1, \3, \4/
        s/\( "([a-z]+)" : container = [0-9]+ \)/\1/g
        s/\\\\/\\/g
        s/, ([a-z_0-9]+) = / \1=/g
    ' | awk '
        {
            for (i = 1; i <= NF; i++)
                if ($i ~ /^k[01]=0x/)
                    $i = substr($i, 1, 3) substr("0000000000000000", 1, 18 - length(substr($i, 4))) tolower(substr($i, 6))
            print
        }'
}

# Without what no program can know in advance.
comparable()
{
    sed -E 's/ (time|vpid|vtid|begin_ns|elapsed_ns|key_hash|held_ns)=[^ ]*//g; s/ bytes=[1-9][0-9]*/ bytes=some/'
}

# same WHAT EXPECTED ACTUAL, two files
same()
{
    diff -u "$2" "$3" >"$work/diff" || { head -40 "$work/diff" >&2; fail "$1: expected (-) and traced (+) differ"; }
}
