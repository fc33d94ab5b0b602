/*
 * explain: the story of one transaction.
 */
#include "../fail.h"
#include "commands.h"
#include "gather.h"
#include "story.h"
#include "story_json.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: stm-contention explain [--json] DIR TRANSACTION\n"
    "Tells what one transaction did, who won against it, what became of its operation, and who lost to it.\n"
    "TRANSACTION is an id, as reports, stm_txn_id() and stm_txn_explain() tell it; where a recording has several stores\n"
    "or processes, STORE:ID or PROCESS:STORE:ID.\n"
    "\n"
    "      --json  as JSON\n"
    "  -h, --help  this text\n"
    "\n"
    "Exit status: 0 done, 1 done, but the recording is incomplete, 2 wrong usage, 3 no result.\n";

static int explain(const char *path, const char *name, const transaction *wanted, bool as_json)
{
    gathered found;
    trace_facts facts;
    gather(path, name, wanted, &found, &facts);
    if (as_json)
        story_json_write(&found, &facts, stdout);
    else
        story_tell(&found, &facts);
    int status = gather_status(&facts);
    gathered_free(&found);
    trace_facts_free(&facts);
    return status;
}

int explain_main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    transaction wanted;
    bool as_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_WHOLE;
        }
        if (option != 'j')
            fail(EXIT_USAGE, "see stm-contention explain --help");
        as_json = true;
    }
    if (argc - optind != 2)
        fail(EXIT_USAGE, "explain wants a folder and a transaction; see stm-contention explain --help");
    if (!transaction_parse(argv[optind + 1], &wanted))
        fail(EXIT_USAGE, "%s: not a transaction; it is a number, STORE:NUMBER, or PROCESS:STORE:NUMBER", argv[optind + 1]);
    int status = explain(argv[optind], argv[optind + 1], &wanted, as_json);
    close_output();
    return status;
}
