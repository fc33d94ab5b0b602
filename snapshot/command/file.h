/*
 * file.h -- a snapshot file, open for reading, and the snapshot in it that is meant.
 *
 * What is read in several pieces is about one snapshot, and that does not change: so nothing is locked for
 * longer than it takes to read one of them, and who wants to append a snapshot meanwhile can. Nothing in the
 * file is believed: a row that is not what it should be ends the command with EXIT_TROUBLE.
 */
#ifndef SNAPSHOT_COMMAND_FILE_H
#define SNAPSHOT_COMMAND_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stm/snapshot.h>

struct snapshot {
    int64_t id, revision, key_count, bytes, change_count;
    int64_t parent; /* 0: none */
    char *label, *taken_at, *written_by;
    unsigned char checksum[STM_CHECKSUM_SIZE];
    bool has_values, has_writers, is_whole; /* not whole: a range of the keys only */
};

struct file {
    sqlite3 *db;
    char *path;                     /* owned */
    int64_t snapshot_count, newest; /* newest: an id; 0: there is none */
    bool pinned;                    /* within one transaction for good */
    uint64_t looks;                 /* at how long it has worked without a row */
};

/* Opens FILE; exits if that cannot be done. */
void file_open(struct file *file, const char *path);
void file_close(struct file *file);

/* Opens FILE or FILE:ID, and finds the snapshot: of the ID, of at (not both), or the newest. */
void file_open_at(struct file *file, const char *operand, int64_t at, struct snapshot *snapshot);
/* Cuts FILE:ID in two. The file may have a colon in its name: what exists is a file. Returns the path, to be
 * freed, and *id, 0: none. */
char *file_split(const char *operand, int64_t *id);

/* Exits if there is no such snapshot. 0: the newest. */
void file_find(struct file *file, int64_t id, struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* Each snapshot of the file, oldest first. visit owns nothing. */
void file_each(struct file *file, void (*visit)(const struct snapshot *snapshot, void *arg), void *arg);

/* Statements; they exit with a message where SQLite fails. */
sqlite3_stmt *file_prepare(struct file *file, const char *sql);
bool file_step(struct file *file, sqlite3_stmt *statement);
int64_t file_number(struct file *file, const char *sql);
_Noreturn void file_broken(const struct file *file, const char *why);
_Noreturn void file_gone(const struct file *file); /* the snapshot is not there any more */

/* What is read in between is of one state of the file.
 *
 * A file that was replaced meanwhile is ours alone: it is held from then on. It has to be, since SQLite looks for the journal of
 * whoever was writing by the name of the file, and would take that of the new file for one of the old. For the same reason
 * it is opened so that it could not play back any. */
void file_begin(struct file *file);
void file_end(struct file *file);

/* A column as text, which may hold any bytes; valid until the statement moves. NULL is no bytes. */
stm_bytes file_text(sqlite3_stmt *statement, int column);

#endif
