#define _GNU_SOURCE
/*
 * testing_test.c -- what <stm/testing.h> promises: each way finds a bug that is there and none that is not; what it finds
 * comes back the same, by text, by bytes, in real threads; a run that never ends is told, and the next one is none
 * the worse for it.
 */
#include <stm/testing.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPECT(condition)                                                                      \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, got.message);  \
            exit(1);                                                                           \
        }                                                                                      \
    } while (0)

static stm_testing_result got;

static stm_testing_plan plan_of(stm_testing_strategy strategy)
{
    return (stm_testing_plan){.size = sizeof(stm_testing_plan), .strategy = strategy};
}

static void run(const stm_testing_program *program, const stm_testing_plan *plan)
{
    got.message = "";
    EXPECT(stm_testing_run(program, plan, &got) == STM_OK);
}

/* ------------------------------------------------------------------------------- programs -- */

static stm_store *store;

static void open_store(void *context)
{
    (void)context;
    STM_TESTING_REQUIRE(stm_store_open(NULL, &store) == STM_OK);
}

static void close_store(void *context)
{
    (void)context;
    STM_TESTING_REQUIRE(stm_store_close(store) == STM_OK);
}

static stm_status add(stm_txn *txn, void *careless)
{
    int64_t number = 0;
    stm_bytes value;
    stm_status status = STM_OK;
    if (careless == NULL)
        status = stm_txn_use_int64(txn, stm_text("number"), &number);
    else if (stm_txn_peek(txn, stm_text("number"), &value) == STM_OK)
        memcpy(&number, value.data, sizeof number);
    return status == STM_OK ? stm_txn_set_int64(txn, stm_text("number"), number + 1) : status;
}

static void add_one(void *careless)
{
    STM_TESTING_REQUIRE(stm_atomically(store, "add", NULL, add, careless) == STM_OK);
}

static void check_two(void *context)
{
    int64_t number = 0;
    (void)context;
    STM_ATOMICALLY(store, txn, "check", "number") {
        if (stm_txn_use_int64(txn, stm_text("number"), &number) != STM_OK)
            stm_testing_fail("no number");
    }
    if (number != 2)
        stm_testing_fail("%d and not 2", (int)number);
}

#define ADDING(careless)                                                                       \
    {.size = sizeof(stm_testing_program), .name = "add", .setup = open_store,                  \
     .threads = {add_one, add_one}, .check = check_two, .teardown = close_store, .context = (careless)}

static const stm_testing_program good = ADDING(NULL), bad = ADDING(&store);

/* -------------------------------------------------------------------------------- finding -- */

static const stm_testing_strategy searches[] = {STM_TESTING_EXHAUSTIVE, STM_TESTING_RANDOM, STM_TESTING_PCT,
                                                STM_TESTING_FREEZE};

static void finds_by(stm_testing_strategy strategy, bool real_threads)
{
    stm_testing_plan plan = plan_of(strategy);
    plan.real_threads = real_threads;
    run(&good, &plan);
    EXPECT(!got.failed && got.runs > 10);
    EXPECT(got.complete == (strategy == STM_TESTING_EXHAUSTIVE || strategy == STM_TESTING_FREEZE));
    run(&bad, &plan);
    EXPECT(got.failed && strcmp(got.message, "1 and not 2") == 0);
    EXPECT(got.segments <= 3);
}

static void finds_by_each_way(void)
{
    for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++)
        finds_by(searches[i], false);
    finds_by(STM_TESTING_RANDOM, true);
}

/* As it was found, by text, by bytes, and with real threads. */
static void comes_back(void)
{
    char text[256], message[64];
    unsigned char bytes[256];
    run(&bad, NULL);
    uint64_t hash = got.trace_hash;
    stm_testing_plan by_text = plan_of(STM_TESTING_SCHEDULE), by_bytes = plan_of(STM_TESTING_BYTES);
    EXPECT(got.failed && strlen(got.schedule) < sizeof text && got.bytes.size <= sizeof bytes);
    snprintf(text, sizeof text, "%s", got.schedule);
    snprintf(message, sizeof message, "%s", got.message);
    memcpy(bytes, got.bytes.data, got.bytes.size);
    by_text.schedule = text;
    by_bytes.bytes = stm_bytes_of(bytes, got.bytes.size);
    for (int real = 0; real < 2; real++) {
        by_text.real_threads = by_bytes.real_threads = real;
        by_text.keep_schedule = by_bytes.keep_schedule = true;
        run(&bad, &by_text);
        EXPECT(got.failed && got.trace_hash == hash && strcmp(got.message, message) == 0);
        run(&bad, &by_bytes);
        EXPECT(got.failed && got.trace_hash == hash);
    }
}

static void any_bytes_are_a_schedule(void)
{
    unsigned char bytes[64];
    stm_testing_plan plan = plan_of(STM_TESTING_BYTES);
    for (unsigned i = 0; i < 200; i++) {
        for (unsigned j = 0; j < sizeof bytes; j++)
            bytes[j] = (unsigned char)((i * 2654435761u + j * 40503u) >> 7);
        plan.bytes = stm_bytes_of(bytes, i % sizeof bytes);
        run(&good, &plan);
        uint64_t hash = got.trace_hash;
        EXPECT(!got.failed);
        run(&good, &plan);
        EXPECT(got.trace_hash == hash);
    }
    stm_testing_plan late = plan_of(STM_TESTING_RANDOM);
    late.delay_stores = true;
    run(&good, &late);
    EXPECT(!got.failed);
}

static void tells_the_story(void)
{
    char *text = NULL;
    size_t size = 0;
    run(&bad, NULL);
    FILE *stream = open_memstream(&text, &size);
    stm_testing_print(stream);
    fclose(stream);
    EXPECT(strstr(text, "T0") != NULL && strstr(text, "add: commits") != NULL);
    EXPECT(strstr(text, "FAILED: 1 and not 2") != NULL);
    free(text);
}

/* ------------------------------------------------------------------ what else can go wrong -- */

static int64_t plain;

static void add_plainly(void *points)
{
    if (points != NULL)
        stm_testing_point(STM_TESTING_READ, &plain, sizeof plain);
    int64_t seen = plain;
    if (points != NULL)
        stm_testing_point(STM_TESTING_WRITE, &plain, sizeof plain);
    plain = seen + 1;
}

static void reset_plain(void *context)
{
    (void)context;
    plain = 0;
}

static void check_plain(void *context)
{
    (void)context;
    STM_TESTING_REQUIRE(plain == 2);
}

static void changes_threads_at_points(void)
{
    stm_testing_program program = {.size = sizeof program, .name = "plain", .setup = reset_plain,
                                   .threads = {add_plainly, add_plainly}, .check = check_plain};
    run(&program, NULL);
    EXPECT(!got.failed && got.runs == 1); /* nothing is shared, as far as anybody said */
    program.context = &plain;
    run(&program, NULL);
    EXPECT(got.failed && strstr(got.message, "plain == 2") != NULL);
}

static void spin(void *context)
{
    (void)context;
    for (;;)
        stm_testing_spin();
}

static void add_with_care(void *context)
{
    (void)context;
    add_one(NULL);
}

static void tells_of_no_end(void)
{
    const stm_testing_program endless = {.size = sizeof endless, .name = "endless", .setup = open_store,
                                         .threads = {add_with_care, spin}, .teardown = close_store};
    for (int real = 0; real < 2; real++) {
        stm_testing_plan plan = plan_of(STM_TESTING_EXHAUSTIVE);
        plan.steps_max = 1000;
        plan.real_threads = real;
        run(&endless, &plan);
        EXPECT(got.failed && strstr(got.message, "not done after 1000 steps") != NULL);
        plan.steps_max = 0;
        run(&good, &plan);
        EXPECT(!got.failed);
    }
}

static void wait_for_nothing(void *context)
{
    stm_txn *txn;
    stm_bytes value;
    (void)context;
    STM_TESTING_REQUIRE(stm_txn_begin(store, "wait", &txn) == STM_OK);
    STM_TESTING_REQUIRE(stm_txn_use(txn, stm_text("never"), &value) == STM_OK);
    STM_TESTING_REQUIRE(stm_txn_wait(txn, -1) == STM_OK);
    stm_txn_end(txn);
}

static void leave_open(void *context)
{
    stm_txn *txn;
    (void)context;
    STM_TESTING_REQUIRE(stm_txn_begin(store, "open", &txn) == STM_OK);
}

static void ignore(void *context)
{
    (void)context;
}

static void close_perhaps(void *context)
{
    (void)context;
    (void)!stm_store_close(store);
}

static void tells_of_sleepers_and_leaks(void)
{
    stm_testing_program program = {.size = sizeof program, .name = "trouble", .setup = open_store,
                                   .threads = {wait_for_nothing, ignore}, .teardown = close_perhaps};
    run(&program, NULL);
    EXPECT(got.failed && strstr(got.message, "sleeps for ever") != NULL);
    program.threads[0] = leave_open;
    run(&program, NULL);
    EXPECT(got.failed && strstr(got.message, "left over") != NULL);
}

/* A block's outcome is the thread's own, whoever ran in between. */
static void end_block_badly(void *context)
{
    (void)context;
    STM_ATOMICALLY(store, txn, "bad", "") /* an empty key is refused */
        stm_testing_fail("the block ran");
    STM_TESTING_REQUIRE(stm_atomically_status() == STM_INVALID);
}

static void end_block_well(void *context)
{
    (void)context;
    STM_ATOMICALLY(store, txn, "well", "key") {
    }
    STM_TESTING_REQUIRE(stm_atomically_status() == STM_OK);
}

static void keeps_outcomes_apart(void)
{
    const stm_testing_program blocks = {.size = sizeof blocks, .name = "blocks", .setup = open_store,
                                        .threads = {end_block_badly, end_block_well}, .teardown = close_store};
    run(&blocks, NULL);
    EXPECT(!got.failed && got.complete);
}

static _Thread_local int mine;

static void use_own_variable(void *context)
{
    mine = (int)stm_testing_thread();
    add_one(context);
    STM_TESTING_REQUIRE(mine == (int)stm_testing_thread());
}

static void real_threads_have_their_own(void)
{
    const stm_testing_program program = {.size = sizeof program, .name = "own", .setup = open_store,
                                         .threads = {use_own_variable, use_own_variable}, .teardown = close_store};
    stm_testing_plan plan = plan_of(STM_TESTING_RANDOM);
    plan.runs_max = 50;
    plan.real_threads = true;
    run(&program, &plan);
    EXPECT(!got.failed);
    plan.real_threads = false;
    run(&program, &plan);
    EXPECT(got.failed);
}

/* ------------------------------------------------------------------------------ arguments -- */

static void refuses(const stm_testing_program *program, const stm_testing_plan *plan, const char *why)
{
    EXPECT(stm_testing_run(program, plan, &got) == STM_INVALID);
    EXPECT(strstr(got.message, why) != NULL);
}

static void refuses_bad_arguments(void)
{
    stm_testing_program program = good;
    stm_testing_plan plan = plan_of(STM_TESTING_PCT);
    EXPECT(stm_testing_run(&good, NULL, NULL) == STM_INVALID);
    refuses(NULL, NULL, "program.size");
    program.size = 1;
    refuses(&program, NULL, "program.size");
    program = good;
    program.threads[1] = NULL;
    refuses(&program, NULL, "two threads");
    plan.depth = 9;
    refuses(&good, &plan, "depth");
    plan = plan_of((stm_testing_strategy)77);
    refuses(&good, &plan, "strategy");
    plan = plan_of(STM_TESTING_SCHEDULE);
    refuses(&good, &plan, "no schedule");
    plan.schedule = "0*12 five";
    refuses(&good, &plan, "no schedule");
    plan = plan_of(STM_TESTING_EXHAUSTIVE);
    plan.delay_stores = true;
    refuses(&good, &plan, "delay_stores");
    plan.size = 0;
    refuses(&good, &plan, "plan.size");
}

/* ------------------------------------------------------------------------------ in children -- */

static int status_of(const stm_testing_program *program, bool fuzz)
{
    static uint8_t counters[64];
    char *arguments[] = {"test", "--random", "100", NULL};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL)
            _exit(99);
        int status = 0;
        for (unsigned char i = 0; fuzz && i < 50; i++)
            stm_testing_fuzz(program, &i, 1, counters, sizeof counters);
        if (!fuzz)
            status = stm_testing_main(3, arguments, program, 1);
        _exit(status);
    }
    int status;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static void serves_engines_and_shells(void)
{
    int status = status_of(&bad, true);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    EXPECT(status_of(&good, true) == 0);
    status = status_of(&bad, false);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    EXPECT(status_of(&good, false) == 0);
}

/* Outside of a run it is libstm: real threads, malloc. */
static void *add_many(void *context)
{
    (void)context;
    for (int i = 0; i < 1000; i++)
        if (stm_atomically(store, "add", NULL, add, NULL) != STM_OK)
            abort();
    return NULL;
}

static void is_libstm_outside_of_runs(void)
{
    pthread_t other;
    int64_t number = 0;
    open_store(NULL);
    stm_testing_point(STM_TESTING_READ, &number, sizeof number);
    stm_testing_spin();
    EXPECT(stm_testing_thread() == STM_TESTING_NOBODY);
    EXPECT(pthread_create(&other, NULL, add_many, NULL) == 0);
    add_many(NULL);
    EXPECT(pthread_join(other, NULL) == 0);
    STM_ATOMICALLY(store, txn, "look", "number")
        EXPECT(stm_txn_use_int64(txn, stm_text("number"), &number) == STM_OK);
    EXPECT(number == 2000);
    close_store(NULL);
}

int main(void)
{
    alarm(110);
    finds_by_each_way();
    comes_back();
    any_bytes_are_a_schedule();
    tells_the_story();
    changes_threads_at_points();
    tells_of_no_end();
    tells_of_sleepers_and_leaks();
    keeps_outcomes_apart();
    real_threads_have_their_own();
    refuses_bad_arguments();
    is_libstm_outside_of_runs();
    serves_engines_and_shells();
    puts("all as <stm/testing.h> promises");
    return 0;
}
