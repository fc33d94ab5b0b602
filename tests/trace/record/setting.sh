# The setting of a test of stm-contention record: sourced with its arguments, the paths of the command, of the provider
# and of the actor. Each test has a folder of its own, which is its TMPDIR as well; so what a recording leaves behind
# lies there, and every process that it has started has that path in its environment.
set -u

command=$1 provider=$2 actor=$3
program=$(basename "$0") self=$(readlink -f "$0")
folder=$(mktemp -d "${TMPDIR:-/tmp}/stm-test-XXXXXX")
mkdir "$folder/tmp"
chmod 755 "$folder" && chmod 1777 "$folder/tmp"
export TMPDIR=$folder/tmp
# Sanitized libraries come late when they are preloaded, and our own leaks are not what is tested here.
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
cd "$folder" || exit 99
failures=0
# LTTng clears the buffers before it begins: 128 MiB for each processor take half a second of processor time. Tests that are
# about buffers, or fill them, leave this empty, or say what they want.
buffers=--buffer-size=2M
trap 'clean_up' EXIT

clean_up()
{
    local pid
    for pid in $(started); do
        kill -KILL "$pid" 2>/dev/null
    done
    cd / && rm -rf "$folder"
}

# enter_namespace -- starts the test again, in a mount namespace of its own
enter_namespace()
{
    cd / && rm -rf "$folder"
    IN_NAMESPACE=1 TMPDIR=${folder%/*} exec unshare -m "$self" "$command" "$provider" "$actor"
}

# What went wrong before goes before what cannot be tried.
skip()
{
    [ "$failures" -eq 0 ] || exit 1
    echo "$program: skipped: $*"
    exit 77
}

for tool in lttng-sessiond babeltrace2; do
    command -v $tool >/dev/null || skip "there is no $tool"
done

wrong()
{
    echo "WRONG: $*" >&2
    failures=$((failures + 1))
}

# record ARGUMENT... -- with limits; leaves status, and the files out and err
record()
{
    timeout -k 5 90 "$command" record --provider="$provider" --no-report $buffers "$@" >out 2>err
    status=$?
}

# exits N WHAT -- of the last recording
exits()
{
    [ "$status" -eq "$1" ] || { wrong "$2: exit status $status, expected $1"; cat out err >&2; }
}

# says TEXT WHAT -- on stderr, of the last recording
says()
{
    grep -qF -e "$1" err || { wrong "$2: expected \"$1\" on stderr, got:"; cat err >&2; }
}

# event_count FOLDER NAME -- of one kind in a trace; "" for all
event_count()
{
    babeltrace2 "$1" 2>/dev/null | grep -c " stm:$2"
}

# has FOLDER NAME COUNT WHAT
has()
{
    local count
    count=$(event_count "$1" "$2")
    [ "$count" -eq "$3" ] || wrong "$4: $count events $2, expected $3"
}

# member FOLDER NAME -- of recording.json, as it stands there
member()
{
    sed -n "s/^  \"$2\": \(.*[^,]\),*$/\1/p" "$1/recording.json"
}

# state FOLDER WORD WHAT
state()
{
    local word
    word=$(member "$1" state)
    [ "$word" = "\"$2\"" ] || { wrong "$3: state $word, expected $2"; cat err >&2; }
}

# The processes that have our folder in their environment: all that a recording has started.
started()
{
    local environment
    for environment in /proc/[0-9]*/environ; do
        if [ "$environment" != "/proc/$$/environ" ] && grep -qaF "$folder/tmp" "$environment" 2>/dev/null; then
            environment=${environment%/environ}
            # Not a subshell of this script, nor what it runs to find out.
            case $(tr '\0' ' ' <"$environment/cmdline" 2>/dev/null) in
                *record-keep* | *lttng* | *"$command"* | *"$actor"*) echo "${environment#/proc/}" ;;
            esac
        fi
    done
}

# nothing_left WHAT -- neither processes nor temporary files; they may take a moment to be gone after a kill
nothing_left()
{
    local i processes=
    for i in $(seq 150); do
        processes=$(started)
        [ -z "$processes" ] && [ -z "$(ls -A "$folder/tmp")" ] && return 0
        sleep 0.1
    done
    wrong "$1: left behind:"
    # shellcheck disable=SC2086
    [ -z "$processes" ] || ps -o pid,ppid,stat,args -p "$(echo $processes | tr ' ' ,)" >&2
    ls -A "$folder/tmp" >&2
}

# until_file PATH -- at most 30 seconds
until_file()
{
    local i
    for i in $(seq 300); do
        [ -e "$1" ] && return 0
        sleep 0.1
    done
    wrong "waited in vain for $1"
    return 1
}

# begin FOLDER ARGUMENT... -- records in the background: its process is $recorder
begin()
{
    local to=$1
    shift
    timeout -k 5 90 "$command" record --provider="$provider" --no-report $buffers -o "$to" "$@" >out 2>err &
    local guard=$!
    until_file "$to/here"
    recorder=$(ps -o pid= --ppid $guard | tr -d ' ')
    waiting=$guard
}

# end -- and leaves the status
end()
{
    wait "$waiting"
    status=$?
}

# The process of ours whose name is $1.
ours()
{
    local pid
    for pid in $(started); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && echo "$pid"
    done
}

finish()
{
    [ "$failures" -eq 0 ] && echo "$program: all is as it should be"
    exit $((failures != 0))
}
