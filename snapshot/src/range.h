/* range.h -- which keys: [low, high), from bounds or from a prefix. */
#ifndef STMI_FILE_RANGE_H
#define STMI_FILE_RANGE_H

#include "fault.h"

struct stmi_range {
    stm_bytes low, high; /* no data: no bound */
    unsigned char after[STM_KEY_SIZE_MAX]; /* the first key behind a prefix */
};

/* INVALID: both a prefix and bounds, or one that is longer than any key. */
stm_file_status stmi_range_make(struct stmi_range *range, stm_bytes low, stm_bytes high, stm_bytes prefix,
                                stm_file_error *error);
bool stmi_range_holds(const struct stmi_range *range, stm_bytes key);

/* As cursors order them: memcmp, and then the shorter first. */
int stmi_key_compare(stm_bytes a, stm_bytes b);

/* A key for a message: what prints, \xff for the rest, "..." after a while. */
struct stmi_key_text {
    char text[80];
};
const char *stmi_key_text(stm_bytes key, struct stmi_key_text *room);

#endif
