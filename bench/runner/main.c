/*
 * main.c -- stm-peer-NAME: one peer's program. It checks that the peer keeps what it promises, runs single
 * operations to be counted, or serves whoever compares peers.
 *
 * A server fills a store for one workload, and then obeys one line at a time: so the one who compares lets many of
 * them take turns, and none shares a process, an allocator or a thread with another.
 *
 *     run MILLISECONDS CONFIGURATION        answers one line of JSON
 *     latency MILLISECONDS CONFIGURATION    the same, with a histogram
 *     (end of input)                        checks, closes and ends
 */
#include "../cpus.h"
#include "crew.h"
#include "footprint_bytes.h"

#include <ctype.h>
#include <dlfcn.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CHECK_KEYS_MAX 1000
#define CHECK_OPERATIONS 300
#define CHECK_OPERATIONS_PAIRS 6000 /* cheap, and threads must meet */

typedef struct settings {
    const char *peer, *workload, *configuration, *folder;
    uint64_t keys, count;
    bool check, serve, list;
} settings;

static char own_folder[64]; /* in memory; "" where one was given */

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("stm-peer: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("\n", stderr);
    va_end(arguments);
    footprint_remove(own_folder);
    _exit(EXIT_FAILURE); /* other threads may still be at work: nothing is closed */
}

/* --------------------------------------------------------------------------------- choosing -- */

static const peer *peer_named(const char *name)
{
    for (const peer *const *p = bench_peers; *p != NULL; p++) {
        if (name == NULL || strcmp((*p)->name, name) == 0)
            return *p;
    }
    bench_fail("--peer: there is no %s here; see --list", name);
}

static const bench_workload *workload_named(const char *name)
{
    const bench_workload *workload = name == NULL ? bench_workloads : bench_workload_named(name);
    if (workload == NULL)
        bench_fail("--workload: there is no %s; see --list", name);
    return workload;
}

static const bench_configuration *configuration_named(const bench_workload *workload, const char *name)
{
    for (const bench_configuration *c = workload->configurations; c->name != NULL; c++) {
        if (name == NULL || strcmp(c->name, name) == 0)
            return c;
    }
    bench_fail("%s has no configuration \"%s\"; see --list", workload->name, name);
}

static const char *folder_of(const settings *s)
{
    if (s->folder != NULL)
        return s->folder;
    (void)snprintf(own_folder, sizeof own_folder, "%s/stm-bench-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(own_folder) == NULL)
        bench_fail("%s cannot be made: give another with --folder", own_folder);
    return own_folder;
}

/* ----------------------------------------------------------------------------------- listing -- */

static const char *name_of(peer_isolation isolation)
{
    static const char *const names[] = {"none", "snapshot", "serializable"};
    return names[isolation];
}

static void list_configurations(const peer *p, const bench_workload *w)
{
    const char *comma = "";
    (void)printf("\"configurations\": [");
    for (const bench_configuration *c = w->configurations; c->name != NULL; c++) {
        if (bench_can_run(p, c)) {
            (void)printf("%s\"%s\"", comma, c->name);
            comma = ", ";
        }
    }
    (void)printf("]");
}

static void list_workloads(const peer *p)
{
    const char *comma = "";
    for (const bench_workload *w = bench_workloads; w->name != NULL; w++) {
        if (w->only_checks)
            continue;
        (void)printf("%s\n    {\"name\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\", \"keys\": %zu, ", comma,
                     w->name, w->title, w->unit, w->key_count);
        list_configurations(p, w);
        (void)printf("}");
        comma = ",";
    }
}

static void list_peers(void)
{
    const char *comma = "";
    (void)printf("[");
    for (const peer *const *p = bench_peers; *p != NULL; p++) {
        const peer *it = *p;
        (void)printf("%s{\"name\": \"%s\", \"title\": \"%s\", \"setup\": \"%s\", \"version\": \"%s\",\n",
                     comma, it->name, it->title, it->setup, it->version());
        (void)printf(
            "  \"gives\": {\"atomic\": %s, \"isolation\": \"%s\", \"snapshot\": %s, \"durable\": %s, "
            "\"blocks\": %s},\n",
            it->gives.atomic ? "true" : "false", name_of(it->gives.isolation),
            it->gives.snapshot ? "true" : "false", it->gives.durable ? "true" : "false",
            it->gives.blocks ? "true" : "false");
        (void)printf("  \"workloads\": [");
        list_workloads(it);
        (void)printf("]}");
        comma = ",\n";
    }
    (void)printf("]\n");
}

/* ---------------------------------------------------------------------------------- checking -- */

static void check_workload(const peer *p, const bench_workload *w, const char *folder)
{
    size_t keys = w->key_count < CHECK_KEYS_MAX ? w->key_count : CHECK_KEYS_MAX;
    bench_session session = bench_session_open(p, w, keys, folder);
    for (const bench_configuration *c = w->configurations; c->name != NULL; c++) {
        if (!bench_can_run(p, c))
            continue;
        crew_repeat(&session, c, w->only_checks ? CHECK_OPERATIONS_PAIRS : CHECK_OPERATIONS);
        bench_session_check(&session);
    }
    bench_session_close(&session);
}

static bool can_run_any(const peer *p, const bench_workload *w)
{
    for (const bench_configuration *c = w->configurations; c->name != NULL; c++) {
        if (bench_can_run(p, c))
            return true;
    }
    return false;
}

/* Each workload in a folder that is empty. */
static void check_peer(const peer *p, const settings *s)
{
    unsigned count = 0;
    for (const bench_workload *w = bench_workloads; w->name != NULL; w++) {
        if ((s->workload != NULL && strcmp(w->name, s->workload) != 0) || !can_run_any(p, w))
            continue;
        check_workload(p, w, folder_of(s));
        footprint_remove(own_folder);
        count++;
    }
    if (count == 0)
        bench_fail("%s: nothing was checked; see --list", p->name);
    (void)printf("%s: %u workloads, all accounts add up\n", p->name, count);
}

static void check_all(const settings *s)
{
    for (const peer *const *p = bench_peers; *p != NULL; p++) {
        if (s->peer == NULL || strcmp((*p)->name, s->peer) == 0)
            check_peer(*p, s);
    }
}

/* ------------------------------------------------------------------------------------ serving -- */

static void print_results(const crew_result *results, unsigned count, const histogram *latency)
{
    (void)printf("{\"lanes\": [");
    for (unsigned i = 0; i < count; i++) {
        const crew_result *r = &results[i];
        (void)printf("%s{\"lane\": \"%s\", \"threads\": %u, \"operations\": %" PRIu64 ", \"rate\": %.6g, "
                     "\"commits\": %" PRIu64 ", \"conflicts\": %" PRIu64 ", \"busy\": %" PRIu64
                     ", \"wrong\": %" PRIu64 ", \"delayed\": %.4f}",
                     i == 0 ? "" : ", ", r->lane, r->threads, r->operations, r->rate, r->commits,
                     r->conflicts, r->busy, r->wrong, r->delayed);
    }
    (void)printf("]");
    if (latency != NULL) {
        (void)printf(", \"latency\": ");
        histogram_print(latency, stdout);
    }
    (void)printf("}\n");
}

/* One line; the name of a configuration may contain spaces, so it stands last. */
static void obey(bench_session *session, char *line)
{
    static histogram latency;
    crew_result results[LANES_MAX];
    double milliseconds;
    int name_at = 0;
    bool timed = strncmp(line, "latency ", 8) == 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, timed ? "latency %lf %n" : "run %lf %n", &milliseconds, &name_at) != 1 || name_at == 0)
        bench_fail("\"%s\" is neither run nor latency, milliseconds, configuration", line);
    const bench_configuration *c = configuration_named(session->workload, line + name_at);
    if (!bench_can_run(session->peer, c))
        bench_fail("%s cannot run %s", session->peer->name, c->name);
    memset(&latency, 0, sizeof latency);
    unsigned lanes = crew_run(session, c, milliseconds, timed ? &latency : NULL, results);
    print_results(results, lanes, timed ? &latency : NULL);
}

static void serve(const settings *s)
{
    char line[256];
    /* Whoever compares stops us between our turns: if they end, nobody would ever let us go on. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    const peer *p = peer_named(s->peer);
    const bench_workload *w = workload_named(s->workload);
    const char *folder = folder_of(s);
    uint64_t before = footprint_bytes(folder);
    bench_session session = bench_session_open(p, w, s->keys > 0 ? (size_t)s->keys : w->key_count, folder);
    uint64_t bytes = footprint_bytes(folder) - before;
    if (p->bytes_elsewhere != NULL)
        bytes += p->bytes_elsewhere(session.store);
    (void)printf("{\"ready\": true, \"bytes\": %" PRIu64 ", \"keys\": %zu, \"cpus\": %u}\n", bytes,
                 session.key_count, bench_cpu_count());
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        obey(&session, line);
        (void)fflush(stdout);
    }
    bench_session_check(&session);
    bench_session_close(&session);
    footprint_remove(own_folder);
}

/* Allocations are counted if allocations.c has been loaded before the C library. */
static uint64_t allocations(void)
{
    union {
        void *symbol;
        uint64_t (*count)(void);
    } counter = {.symbol = dlsym(RTLD_DEFAULT, "bench_allocation_count")};
    return counter.symbol == NULL ? 0 : counter.count();
}

static void count_operations(const settings *s)
{
    const peer *p = peer_named(s->peer);
    const bench_workload *w = workload_named(s->workload);
    const bench_configuration *c = configuration_named(w, s->configuration);
    if (!bench_can_run(p, c))
        bench_fail("%s cannot run %s", p->name, w->name);
    bench_session session =
        bench_session_open(p, w, s->keys > 0 ? (size_t)s->keys : w->key_count, folder_of(s));
    crew_alone(&session, c, s->count); /* what is made once is made now */
    uint64_t before = allocations();
    crew_alone(&session, c, s->count);
    (void)printf("%s, %s: %" PRIu64 " operations, %" PRIu64 " allocations\n", p->name, w->name, s->count,
                 allocations() - before);
    bench_session_check(&session);
    bench_session_close(&session);
    footprint_remove(own_folder);
}

/* ------------------------------------------------------------------------------------ options -- */

static void print_help(void)
{
    (void)puts(
        "usage: stm-peer-NAME --list | --check | --serve | --count N  [options]\n"
        "\n"
        "Something that could be used instead of libstm, ready to be compared with it: tools/bench does "
        "that.\n"
        "\n"
        "  --list               peers in this program, what they promise and can run, as JSON\n"
        "  --check              run every workload on few keys, and see that all accounts add up\n"
        "  --serve              fill a store, then take lines \"run MILLISECONDS CONFIGURATION\" or\n"
        "                       \"latency MILLISECONDS CONFIGURATION\" and answer each with one of JSON\n"
        "  --count N            do N operations, untimed, twice: for callgrind, and to count allocations\n"
        "  --peer NAME          (default: the first)\n"
        "  --workload NAME      (default: the first; --check: all)\n"
        "  --configuration NAME of --count (default: the first)\n"
        "  --keys N             instead of the workload's own number\n"
        "  --folder PATH        for files; in memory, and empty (default: one below /dev/shm)\n"
        "  --help");
}

static uint64_t number_of(const char *option, const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || number == 0 || number > UINT32_MAX)
        bench_fail("%s: %s is not a number from 1 to %u", option, text, UINT32_MAX);
    return number;
}

static settings parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"list", no_argument, NULL, 'l'},
        {"check", no_argument, NULL, 'k'},
        {"serve", no_argument, NULL, 's'},
        {"count", required_argument, NULL, 'c'},
        {"peer", required_argument, NULL, 'p'},
        {"workload", required_argument, NULL, 'w'},
        {"keys", required_argument, NULL, 'n'},
        {"configuration", required_argument, NULL, 'g'},
        {"folder", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    settings s = {0};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            s.list = true;
            break;
        case 'k':
            s.check = true;
            break;
        case 's':
            s.serve = true;
            break;
        case 'c':
            s.count = number_of("--count", optarg);
            break;
        case 'p':
            s.peer = optarg;
            break;
        case 'w':
            s.workload = optarg;
            break;
        case 'n':
            s.keys = number_of("--keys", optarg);
            break;
        case 'g':
            s.configuration = optarg;
            break;
        case 'f':
            s.folder = optarg;
            break;
        case 'h':
            print_help();
            exit(EXIT_SUCCESS);
        default:
            bench_fail("see --help");
        }
    }
    if (optind != argc || s.list + s.check + s.serve + (s.count > 0) != 1)
        bench_fail("one of --list, --check, --serve and --count; see --help");
    return s;
}

int main(int argc, char **argv)
{
    settings s = parse(argc, argv);
    (void)bench_cpu_count(); /* before any thread is pinned */
    if (s.list)
        list_peers();
    else if (s.check)
        check_all(&s);
    else if (s.serve)
        serve(&s);
    else
        count_operations(&s);
    return EXIT_SUCCESS;
}
