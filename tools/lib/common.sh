# shellcheck shell=bash
# What the scripts in tools/ share. To be sourced by bash.
#
# Steps run one after the other, each into a log of its own. A step prints one line when it ends; on a
# terminal it also shows, until then, the last line of its log and how long it has been running.

die()
{
    echo "${0##*/}: $*" >&2
    exit 1
}

# ------------------------------------------------------------------------------------- packages --

package_is_here()
{
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing_packages PACKAGE... -- none on systems that are not Debian's kind: CMake will say what it cannot find
missing_packages()
{
    local package
    command -v apt-get >/dev/null || return 0
    for package in "$@"; do
        package_is_here "$package" || echo "$package"
    done
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

apt()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}

# ask_for_root PACKAGE... -- lets sudo ask for its password, if it will be needed, before output goes to a log
ask_for_root()
{
    [ "$(id -u)" -eq 0 ] || [ -z "$(missing_packages "$@")" ] || sudo -v || true
}

install_packages()
{
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    apt update && apt install --no-install-recommends --yes "${missing[@]}"
}

# ---------------------------------------------------------------------------------------- steps --

ticker_pid=

# Rewrites one line of the terminal every second, until it is stopped.
start_ticker()
{
    local title=$1 log=$2 start=$SECONDS width
    [ -t 1 ] || return 0
    width=$(tput cols 2>/dev/null || echo 80)
    while sleep 1; do
        printf '\r\033[K%.*s' $((width - 1)) \
            "$title ... $((SECONDS - start)) s  $(tail -n 1 "$log" 2>/dev/null | tr -dc '[:print:]')"
    done &
    ticker_pid=$!
}

stop_ticker()
{
    [ -n "$ticker_pid" ] || return 0
    kill "$ticker_pid" 2>/dev/null || true
    wait "$ticker_pid" 2>/dev/null || true
    ticker_pid=
    printf '\r\033[K'
}
trap stop_ticker EXIT

# run_step TITLE LOG COMMAND... -- returns what the command returns; prints the end of the log if it failed.
run_step()
{
    local title=$1 log=$2 start=$SECONDS status=0
    shift 2
    mkdir -p "$(dirname "$log")"
    : >"$log"
    start_ticker "$title" "$log"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    stop_ticker
    if [ $status -eq 0 ]; then
        printf '%-30s ok      %4d s\n' "$title" $((SECONDS - start))
    else
        printf '%-30s FAILED  %4d s  the end of %s:\n' "$title" $((SECONDS - start)) "$log"
        tail -n 200 "$log" | sed 's/^/    /'
    fi
    return $status
}
