/*
 * comparison.h -- two reports, before a change and after it: did it help?
 *
 * The danger is to believe in chance. Losses come in bursts, so that counts of them vary far more than counts of
 * independent events would; how much, each recording tells itself: it is cut into up to COMPARISON_PARTS parts of the same
 * length, and the mean of the parts before is compared with that after by the scatter of both (Welch's t).
 */
#ifndef CONTENTION_COMPARISON_H
#define CONTENTION_COMPARISON_H

#include "../report.h"

enum { COMPARISON_PARTS = 20, COMPARISON_PARTS_MIN = 6 };

/* Beyond so many standard errors, and by so large a share, a difference is taken for real. */
#define COMPARISON_ERRORS 3.0
#define COMPARISON_CHANGE 0.1

typedef enum judgement {
    JUDGEMENT_UNKNOWN = 0, /* too little to compare */
    JUDGEMENT_SAME,        /* no difference that could not be chance, or a small one */
    JUDGEMENT_BETTER,
    JUDGEMENT_WORSE
} judgement;

/* One recording's side. Rates are 0 where has_attempts is false; losses are always known. */
typedef struct side {
    const report *report;
    double seconds;
    double attempts_a_second, commits_a_second, losses_a_second;
    double conflict_share, busy_share, lost_share; /* of attempts */
} side;

typedef struct comparison {
    side before, after;
    bool by_share; /* lost_share is compared; else losses_a_second, as one of them lacks commits */
    judgement losses;
    judgement commits; /* commits a second: only where by_share; BETTER is more */
    char *sentence;
} comparison;

/* Reports must outlive it. */
comparison comparison_make(const report *before, const report *after);
void comparison_free(comparison *comparison);

/* Losses on a key, as a share of all attempts, or a second: what comparison.by_share says. */
double comparison_of_losses(const comparison *comparison, const side *side, uint64_t losses);

#endif
