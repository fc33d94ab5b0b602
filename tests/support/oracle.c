#include "oracle.h"

#include <string.h>

static const struct {
    const char *name, *meaning;
} oracles[ORACLE_COUNT] = {
    [ORACLE_NONE] = {"none", "nobody objects"},
    [ORACLE_ASSERTION] = {"assertion", "what the test itself asserts"},
    [ORACLE_RESULT] = {"result", "each call answers what it may, and values are whole"},
    [ORACLE_STEPS] = {"steps", "each call ends within a bounded number of its own steps"},
    [ORACLE_REST] = {"rest", "afterwards nothing is held, and a transaction alone commits"},
    [ORACLE_HISTORY] = {"history", "versions rise by one, and one order explains every read, by values alone as well"},
    [ORACLE_REVISION] = {"revision", "that order agrees with the revisions"},
    [ORACLE_SNAPSHOT] = {"snapshot", "a snapshot is the state at its revision"},
    [ORACLE_OVERLAP] = {"overlap", "CONFLICT and BUSY only where commits overlap"},
    [ORACLE_WINNER] = {"winner", "the winner named is the true one"},
    [ORACLE_MEMORY] = {"memory", "nothing is left after close, and nothing is freed twice"},
    [ORACLE_TRACE] = {"trace", "the same input gives the same run"},
    [ORACLE_CRASH] = {"crash", "no signal, and no report of a sanitizer"},
};

static bool silent[ORACLE_COUNT];

const char *oracle_name(oracle oracle)
{
    return oracles[oracle].name;
}

const char *oracle_meaning(oracle oracle)
{
    return oracles[oracle].meaning;
}

oracle oracle_named(const char *name)
{
    for (oracle i = ORACLE_ASSERTION; i < ORACLE_COUNT; i++)
        if (strcmp(name, oracles[i].name) == 0)
            return i;
    return ORACLE_NONE;
}

void oracle_silence(oracle oracle)
{
    silent[oracle] = true;
}

bool oracle_is_silent(oracle oracle)
{
    return silent[oracle];
}
