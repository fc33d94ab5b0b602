#include "compare.h"

#include <string.h>

#include "progress.h"

static enum change compare_values(struct rows *before, struct rows *after)
{
    const struct row *old = &before->row, *new = &after->row;
    if (before->file == after->file && old->since == new->since) /* one row, seen by both */
        return CHANGE_NONE;
    enum change equal = old->version == new->version ? CHANGE_NONE : CHANGE_REPUBLISHED;
    if (old->type != new->type || old->size != new->size)
        return CHANGE_VALUE;
    struct value was = rows_value(before), is = rows_value(after);
    if (was.form == FORM_NONE || is.form == FORM_NONE)
        return equal == CHANGE_NONE ? CHANGE_NONE : CHANGE_VALUE;
    return value_equal(&was, &is) ? equal : CHANGE_VALUE;
}

/* Which of the two is at the smaller key, as key_compare; one that is past its end is at none. */
static int order(bool old_there, bool new_there, const struct rows *before, const struct rows *after)
{
    if (!old_there || !new_there)
        return old_there ? -1 : 1;
    return key_compare(before->row.key, after->row.key);
}

void compare(struct rows *before, struct rows *after, compare_visit *visit, void *arg,
             uint64_t counts[CHANGE_COUNT])
{
    bool old_there = rows_next(before), new_there = rows_next(after), go_on = true;
    memset(counts, 0, CHANGE_COUNT * sizeof *counts);
    while (go_on && (old_there || new_there)) {
        int first = order(old_there, new_there, before, after);
        enum change change = first < 0   ? CHANGE_REMOVED
                             : first > 0 ? CHANGE_ADDED
                                         : compare_values(before, after);
        counts[change]++;
        if (change != CHANGE_NONE)
            go_on = visit(change, before, after, arg);
        if (first <= 0)
            old_there = rows_next(before);
        if (first >= 0)
            new_there = rows_next(after);
        progress_step(after->count);
    }
}

const char *change_name(enum change change)
{
    static const char *const names[] = {"same", "added", "removed", "changed", "republished"};
    return names[change];
}
