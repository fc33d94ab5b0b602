#define _POSIX_C_SOURCE 200809L
#include "ctf_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ----------------------------------------------------------------------------- catalogue -- */

typedef enum field_type { FIELD_END = 0, FIELD_U64, FIELD_U32, FIELD_I64, FIELD_HEX, FIELD_STRING, FIELD_BOOL, FIELD_MODE,
                          FIELD_STAGE, FIELD_OPENED, FIELD_TAKEN } field_type;

typedef struct field {
    const char *name;
    field_type type;
    size_t offset;
} field;

#define FIELD(name, type, member) {name, FIELD_##type, offsetof(event, member)}
#define TRANSACTION FIELD("store", U64, store), FIELD("txn", U64, txn)
#define ATTEMPT TRANSACTION, FIELD("op", U64, op), FIELD("attempt", U64, attempt)
#define SET_SIZES                                                                                                      \
    FIELD("begin_ns", I64, begin_ns), FIELD("read_count", U64, read_count), FIELD("write_count", U64, write_count)
#define KEY_BYTES FIELD("key_hash", HEX, key_hash), FIELD("key_size", U32, key_size), FIELD("k0", HEX, k0), FIELD("k1", HEX, k1)

static const field starving[] = {ATTEMPT, FIELD("elapsed_ns", I64, elapsed_ns), FIELD("key_hash", HEX, key_hash),
                                 FIELD("key_size", U32, key_size), FIELD("key", STRING, key), FIELD("label", STRING, label), {0}};
static const field conflict[] = {
    ATTEMPT, FIELD("stage", STAGE, at_commit), FIELD("label", STRING, label), SET_SIZES,
    FIELD("key_index", U64, key_index), FIELD("changed_count", U64, changed_count), KEY_BYTES,
    FIELD("key", STRING, key), FIELD("expected", U64, expected), FIELD("found", U64, found),
    FIELD("winner_txn", U64, winner_txn), FIELD("winner_label", STRING, winner_label),
    FIELD("winner_tid", U32, winner_tid), FIELD("winner_revision", U64, winner_revision),
    FIELD("mode", MODE, update), FIELD("was_set", BOOL, was_set), {0}};
static const field busy[] = {
    ATTEMPT, FIELD("stage", STAGE, at_commit), FIELD("label", STRING, label), SET_SIZES, KEY_BYTES,
    FIELD("key", STRING, key), FIELD("owner_txn", U64, winner_txn), FIELD("owner_label", STRING, winner_label),
    FIELD("owner_tid", U32, winner_tid), {0}};
static const field commit[] = {ATTEMPT, FIELD("label", STRING, label), SET_SIZES, FIELD("revision", U64, revision), {0}};
static const field abandon[] = {ATTEMPT, FIELD("label", STRING, label), SET_SIZES, {0}};
static const field store[] = {FIELD("store", U64, store), FIELD("what", OPENED, opened), FIELD("schema", U32, value_size), {0}};
static const field snapshot[] = {FIELD("store", U64, store), FIELD("what", TAKEN, opened),
                                 FIELD("snapshot", U64, snapshot), FIELD("label", STRING, label),
                                 FIELD("revision", U64, revision), FIELD("held_ns", I64, held_ns),
                                 FIELD("bytes", U64, bytes), {0}};
static const field conflict_key[] = {TRANSACTION, KEY_BYTES, FIELD("expected", U64, expected), FIELD("found", U64, found),
                                     FIELD("winner_txn", U64, winner_txn), FIELD("mode", MODE, update),
                                     FIELD("was_set", BOOL, was_set), {0}};
static const field checkout[] = {TRANSACTION, KEY_BYTES, FIELD("version", U64, expected), FIELD("mode", MODE, update), {0}};
static const field publish[] = {TRANSACTION, KEY_BYTES, FIELD("from_version", U64, expected),
                                FIELD("to_version", U64, found), FIELD("value_size", U64, value_size), {0}};

typedef struct event_class {
    const char *name;
    const field *fields;
} event_class;

static const event_class classes[EVENT_KIND_COUNT] = {
    [EVENT_STARVING] = {"starving", starving}, [EVENT_CONFLICT] = {"conflict", conflict}, [EVENT_BUSY] = {"busy", busy},
    [EVENT_COMMIT] = {"commit", commit}, [EVENT_ABANDON] = {"abandon", abandon}, [EVENT_STORE] = {"store", store},
    [EVENT_SNAPSHOT] = {"snapshot", snapshot}, [EVENT_CONFLICT_KEY] = {"conflict_key", conflict_key},
    [EVENT_CHECKOUT] = {"checkout", checkout}, [EVENT_PUBLISH] = {"publish", publish}};

static const char *type_text(field_type type)
{
    switch (type) {
    case FIELD_U64: return "integer { size = 64; align = 8; signed = 0; }";
    case FIELD_U32: return "integer { size = 32; align = 8; signed = 0; }";
    case FIELD_I64: return "integer { size = 64; align = 8; signed = 1; }";
    case FIELD_HEX: return "integer { size = 64; align = 8; signed = 0; base = 16; byte_order = be; }";
    case FIELD_STRING: return "string";
    case FIELD_BOOL: return "integer { size = 8; align = 8; signed = 0; }";
    case FIELD_MODE: return "enum : integer { size = 8; align = 8; signed = 0; } { \"update\" = 1, \"read\" = 0 }";
    case FIELD_STAGE: return "enum : integer { size = 8; align = 8; signed = 0; } { \"checkout\" = 0, \"commit\" = 1 }";
    case FIELD_OPENED: return "enum : integer { size = 8; align = 8; signed = 0; } { \"open\" = 1, \"close\" = 0 }";
    case FIELD_TAKEN: return "enum : integer { size = 8; align = 8; signed = 0; } { \"taken\" = 1, \"released\" = 0 }";
    case FIELD_END: break;
    }
    abort();
}

/* -------------------------------------------------------------------------------- bytes -- */

enum { PACKET_HEAD_SIZE = 4 + 16 + 4 + 8 + 6 * 8 + 4, EVENT_SIZE_MAX = 1 << 20 };

static const unsigned char uuid_tail[15] = { 0x0a, 0x1b, 0x70, 0x9d, 0x9c, 0x4d, 0x3f,
                                       0x8a, 0x11, 0x52, 0x6e, 0x1e, 0x0b, 0x7f, 0x42};

typedef struct stream {
    FILE *file;
    unsigned char *bytes; /* of the packet being filled */
    size_t used, capacity;
    uint64_t begin, end, sequence, discarded, told;
} stream;

struct ctf_writer {
    ctf_options options;
    char *folder;
    stream *streams;
};

static _Noreturn void fail(const char *what, const char *name)
{
    fprintf(stderr, "ctf_writer: cannot %s %s: %s\n", what, name, strerror(errno));
    exit(99);
}

static void *must(void *memory)
{
    if (memory == NULL)
        fail("allocate", "memory");
    return memory;
}

static void put(stream *s, const void *bytes, size_t size)
{
    if (s->used + size > s->capacity) {
        s->capacity = (s->used + size) * 2;
        s->bytes = must(realloc(s->bytes, s->capacity));
    }
    memcpy(s->bytes + s->used, bytes, size);
    s->used += size;
}

static void put_number(stream *s, uint64_t number, size_t size)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    put(s, bytes, size);
}

static void put_big_endian(stream *s, uint64_t number)
{
    for (unsigned shift = 64; shift > 0; shift -= 8)
        put_number(s, number >> (shift - 8) & 0xff, 1);
}

static void put_string(stream *s, const char *text)
{
    if (text == NULL)
        text = "";
    put(s, text, strlen(text) + 1);
}

static void put_field(stream *s, const field *f, const event *e)
{
    const unsigned char *member = (const unsigned char *)e + f->offset;
    uint64_t number = 0;
    const char *text;
    bool flag;
    switch (f->type) {
    case FIELD_STRING:
        memcpy(&text, member, sizeof text);
        put_string(s, text);
        return;
    case FIELD_BOOL:
    case FIELD_MODE:
    case FIELD_STAGE:
    case FIELD_OPENED:
    case FIELD_TAKEN:
        memcpy(&flag, member, sizeof flag);
        put_number(s, flag, 1);
        return;
    default:
        memcpy(&number, member, sizeof number);
        if (f->type == FIELD_HEX)
            put_big_endian(s, number);
        else
            put_number(s, number, f->type == FIELD_U32 ? 4 : 8);
    }
}

/* ------------------------------------------------------------------------------ packets -- */

static unsigned uuid_head(const ctf_writer *writer)
{
    return writer->options.other_uuid ? 0x5f : 0x5e;
}

static void packet_begin(const ctf_writer *writer, stream *s, size_t cpu)
{
    s->used = 0;
    put_number(s, 0xC1FC1FC1, 4);
    put_number(s, uuid_head(writer), 1);
    put(s, uuid_tail, sizeof uuid_tail);
    put_number(s, 0, 4);
    put_number(s, cpu, 8);
    static const unsigned char later[6 * 8];
    put(s, later, sizeof later);
    put_number(s, cpu, 4);
}

static void packet_end(stream *s, size_t packet_size)
{
    size_t content_size = s->used;
    size_t size = content_size > packet_size ? content_size : packet_size;
    while (s->used < size)
        put_number(s, 0, 1);
    s->used = 4 + 16 + 4 + 8;
    put_number(s, s->begin, 8);
    put_number(s, s->end, 8);
    put_number(s, content_size * 8, 8);
    put_number(s, size * 8, 8);
    put_number(s, s->sequence++, 8);
    put_number(s, s->discarded, 8);
    s->told = s->discarded;
    if (fwrite(s->bytes, 1, size, s->file) != size)
        fail("write", "a stream");
}

static void flush(ctf_writer *writer, size_t cpu)
{
    stream *s = &writer->streams[cpu];
    if (s->used > PACKET_HEAD_SIZE) {
        packet_end(s, writer->options.packet_size);
        packet_begin(writer, s, cpu);
        s->begin = s->end;
    }
}

static void put_event(ctf_writer *writer, stream *s, const event *e)
{
    put_number(s, (uint64_t)e->kind, 4);
    put_number(s, (uint64_t)e->time_ns, 8);
    if (!writer->options.without_context) {
        put_number(s, e->pid, 4);
        put_number(s, e->tid, 4);
        put_string(s, e->procname);
    }
    for (const field *f = classes[e->kind].fields; f->type != FIELD_END; f++)
        put_field(s, f, e);
}

void ctf_writer_event(ctf_writer *writer, size_t cpu, const event *e)
{
    stream *s = &writer->streams[cpu];
    uint64_t time = (uint64_t)e->time_ns;
    size_t before = s->used;
    put_event(writer, s, e);
    if (before > PACKET_HEAD_SIZE && s->used > writer->options.packet_size) { /* it belongs to the next packet */
        s->used = before;
        flush(writer, cpu);
        put_event(writer, s, e);
    }
    if (s->begin == 0)
        s->begin = time;
    s->end = time;
}

void ctf_writer_end_packet(ctf_writer *writer, size_t cpu)
{
    flush(writer, cpu);
}

void ctf_writer_lose_events(ctf_writer *writer, size_t cpu, uint64_t count)
{
    flush(writer, cpu);
    writer->streams[cpu].discarded += count;
}

void ctf_writer_lose_packets(ctf_writer *writer, size_t cpu, uint64_t count)
{
    flush(writer, cpu);
    writer->streams[cpu].sequence += count;
}

/* ----------------------------------------------------------------------------- metadata -- */

static FILE *create(const ctf_writer *writer, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", writer->folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        fail("create", path);
    return file;
}

static void write_class(const ctf_writer *writer, FILE *file, event_kind kind)
{
    const char *provider = writer->options.provider != NULL ? writer->options.provider : "stm";
    fprintf(file, "event {\n\tname = \"%s:%s\";\n\tid = %d;\n\tstream_id = 0;\n\tloglevel = 13;\n\tfields := struct {\n",
            provider, classes[kind].name, (int)kind);
    for (const field *f = classes[kind].fields; f->type != FIELD_END; f++)
        fprintf(file, "\t\t%s _%s;\n", type_text(f->type), f->name);
    fputs("\t};\n};\n\n", file);
}

static const char head[] =
    "/* CTF 1.8 */\n\n"
    "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
    "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n\n"
    "trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"%02x0a1b70-9d9c-4d3f-8a11-526e1e0b7f42\";\n\tbyte_order = le;\n"
    "\tpacket.header := struct {\n\t\tuint32_t magic;\n\t\tuint8_t uuid[16];\n\t\tuint32_t stream_id;\n"
    "\t\tuint64_t stream_instance_id;\n\t};\n};\n\n"
    "env {\n\thostname = \"localhost\";\n\tdomain = \"ust\";\n\ttracer_name = \"lttng-ust\";\n\ttracer_major = 2;\n"
    "\ttracer_minor = 13;\n};\n\n"
    "clock {\n\tname = \"monotonic\";\n\tdescription = \"Monotonic Clock\";\n\tfreq = 1000000000;\n";

static const char stream_head[] =
    "typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := clock_t;\n\n"
    "stream {\n\tid = 0;\n\tevent.header := struct {\n\t\tuint32_t id;\n\t\tclock_t timestamp;\n\t};\n"
    "\tpacket.context := struct {\n\t\tclock_t timestamp_begin;\n\t\tclock_t timestamp_end;\n\t\tuint64_t content_size;\n"
    "\t\tuint64_t packet_size;\n\t\tuint64_t packet_seq_num;\n\t\tuint64_t events_discarded;\n\t\tuint32_t cpu_id;\n\t};\n";

static const char context[] = "\tevent.context := struct {\n\t\tinteger { size = 32; align = 8; signed = true; } _vpid;\n"
                              "\t\tinteger { size = 32; align = 8; signed = true; } _vtid;\n\t\tstring _procname;\n\t};\n";

static void write_metadata(const ctf_writer *writer)
{
    FILE *file = create(writer, "metadata");
    fprintf(file, head, uuid_head(writer));
    fprintf(file, "\toffset_s = %" PRId64 ";\n\toffset = 0;\n};\n\n%s%s};\n\n", writer->options.clock_offset_s,
            stream_head, writer->options.without_context ? "" : context);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (writer->options.kinds & CTF_KIND_BIT(kind))
            write_class(writer, file, (event_kind)kind);
    if (fclose(file) != 0)
        fail("write", "the metadata");
}

/* ------------------------------------------------------------------------ open and close -- */

ctf_writer *ctf_writer_open(const char *folder, const ctf_options *options)
{
    ctf_writer *writer = must(calloc(1, sizeof *writer));
    if (options != NULL)
        writer->options = *options;
    ctf_options *o = &writer->options;
    o->kinds = o->kinds != 0 ? o->kinds : CTF_KINDS_ALL;
    o->cpu_count = o->cpu_count != 0 ? o->cpu_count : 1;
    o->packet_size = o->packet_size != 0 ? o->packet_size : 4096;
    writer->folder = must(strdup(folder));
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        fail("make", folder);
    write_metadata(writer);
    writer->streams = must(calloc(o->cpu_count, sizeof *writer->streams));
    for (size_t cpu = 0; cpu < o->cpu_count; cpu++) {
        char name[32];
        snprintf(name, sizeof name, "channel0_%zu", cpu);
        writer->streams[cpu].file = create(writer, name);
        packet_begin(writer, &writer->streams[cpu], cpu);
    }
    return writer;
}

void ctf_writer_close(ctf_writer *writer)
{
    for (size_t cpu = 0; cpu < writer->options.cpu_count; cpu++) {
        stream *s = &writer->streams[cpu];
        if (s->used > PACKET_HEAD_SIZE || s->discarded > s->told) /* an empty last one tells what was lost at the end */
            packet_end(s, writer->options.packet_size);
        if (fclose(s->file) != 0)
            fail("write", "a stream");
        free(s->bytes);
    }
    free(writer->streams);
    free(writer->folder);
    free(writer);
}
