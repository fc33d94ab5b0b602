/*
 * wordcount -- several threads count the words of real text in one store, a few words a transaction.
 *
 * Natural language is Zipf's: every seventh transaction holds a "the". So a few keys are fought for,
 * thousands are hardly ever met twice, and nobody had to make that up: it is the contention that
 * programs really have.
 *
 *     corpus.c   reads files and cuts them into words        (before the clock starts)
 *     counting.c the threads, the transaction, and the count without threads
 *     totals.c   reads the totals from a snapshot, and verifies them
 *     report.c   tells it; progress.c tells it while it goes on
 *     saving.c   keeps it in a file
 */
#include "counting.h"
#include "fail.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "saving.h"
#include "corpus.h"
#include "totals.h"

#include <errno.h>
#include <stdlib.h>

static stm_store *open_store(const corpus *t)
{
    const stm_options store_options = {
        .size = sizeof(store_options),
        .key_size_max = STM_KEY_SIZE_MAX,
        .key_count_hint = t->vocabulary.word_count,
    };
    stm_store *store;
    must(stm_store_open(&store_options, &store), "open a store");
    return store;
}

static void count_and_show(counting *c, const corpus *t, stm_store *store, const options *o)
{
    progress shown = {store, o};
    if (!progress_is_wanted(o)) {
        count_words(c, t, store, o, NULL, NULL);
        return;
    }
    count_words(c, t, store, o, progress_show, &shown);
    progress_clear();
}

static void verify(report *r, totals *counted)
{
    uint64_t *right = count_plainly(r->counting, r->corpus);
    totals_read(counted, r->counting->workers[0].store, &r->corpus->vocabulary);
    r->wrong_count = totals_verify(counted, &r->corpus->vocabulary, right);
    r->totals = counted;
    free(right);
}

static void tell(const report *r, totals *counted)
{
    if (r->options->output == OUTPUT_TOTALS) {
        report_totals(r);
    } else {
        totals_sort(counted);
        if (r->options->output == OUTPUT_JSON)
            report_json(r);
        else if (!r->options->quiet)
            report_tables(r);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("cannot write the report: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    const options o = options_parse(argc, argv);
    corpus t;
    counting c;
    totals counted;
    report r = {.options = &o, .corpus = &t, .counting = &c};

    corpus_read(&t, o.paths, o.key_prefix, o.key_suffix);
    stm_store *store = open_store(&t);
    count_and_show(&c, &t, store, &o);
    must(stm_store_stats(store, &r.stats), "read the statistics");
    r.hottest_count = stm_store_hottest(store, r.hottest, o.top_count);

    verify(&r, &counted);
    tell(&r, &counted);
    if (o.snapshot_path != NULL)
        save(store, o.snapshot_path);

    must(stm_store_close(store), "close the store");
    totals_free(&counted);
    counting_free(&c);
    corpus_free(&t);
    return r.wrong_count == 0 ? EXIT_VERIFIED : EXIT_WRONG;
}
