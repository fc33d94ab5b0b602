#include <stm/stm.h>

static const struct {
    const char *name, *text;
} statuses[] = {
    [STM_OK] = {"OK", "done"},
    [STM_NOT_FOUND] = {"NOT_FOUND", "the key has no value"},
    [STM_END] = {"END", "the cursor has passed its last key"},
    [STM_CONFLICT] = {"CONFLICT", "a checked-out key was changed by another commit: reset, and check out again"},
    [STM_BUSY] = {"BUSY", "held by somebody else just now: make the same call again"},
    [STM_WAIT] = {"WAIT", "sleep until a key that was read changes, and run again"},
    [STM_TIMEOUT] = {"TIMEOUT", "the time or the attempts allowed are used up"},
    [STM_NO_MEMORY] = {"NO_MEMORY", "an allocation failed, nothing was changed: free some, reset, try again"},
    [STM_INVALID] = {"INVALID", "a NULL or senseless argument: mend the call"},
    [STM_TOO_LARGE] = {"TOO_LARGE", "a key, value or label is over its limit: shorten it, or raise the limit at opening"},
    [STM_LIMIT] = {"LIMIT", "too many keys in a transaction, snapshots or labels: use fewer"},
    [STM_WRONG_TYPE] = {"WRONG_TYPE", "the value is not of the type asked for: ask for its bytes"},
    [STM_ENDED] = {"ENDED", "the handle has been ended, released or closed"},
    [STM_FOREIGN] = {"FOREIGN", "the key handle belongs to another store: resolve it in this one"},
    [STM_FORKED] = {"FORKED", "the store was opened before fork() in the parent: open one in the child"},
    [STM_REENTERED] = {"REENTERED", "called from inside a call on the same handle"},
};

static bool known(stm_status status)
{
    return (unsigned)status < sizeof statuses / sizeof statuses[0];
}

const char *stm_status_name(stm_status status)
{
    return known(status) ? statuses[status].name : "UNKNOWN";
}

const char *stm_status_text(stm_status status)
{
    return known(status) ? statuses[status].text : "not a status of this library";
}

#define TEXT_OF(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *stm_version(void)
{
    return VERSION_TEXT(STM_VERSION_MAJOR, STM_VERSION_MINOR, STM_VERSION_PATCH);
}
