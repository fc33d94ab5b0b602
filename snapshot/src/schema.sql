-- The schema of a snapshot file, format 1. kv and past are made apart (layout.sql), since they come in two layouts.

CREATE TABLE meta(
    name  TEXT PRIMARY KEY NOT NULL,
    value
) WITHOUT ROWID;

CREATE TABLE readme(
    topic TEXT PRIMARY KEY NOT NULL,
    text  TEXT NOT NULL
);

CREATE TABLE snapshots(
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    label        TEXT NOT NULL,
    taken_at     TEXT NOT NULL,
    revision     INTEGER NOT NULL CHECK(revision >= 0),
    key_count    INTEGER NOT NULL CHECK(key_count >= 0),
    bytes        INTEGER NOT NULL CHECK(bytes >= 0),
    change_count INTEGER NOT NULL CHECK(change_count >= 0),
    parent       INTEGER REFERENCES snapshots(id) ON DELETE SET NULL CHECK(parent < id),
    checksum     BLOB NOT NULL CHECK(length(checksum) = 16),
    store        BLOB NOT NULL CHECK(length(store) = 16),
    low          BLOB,
    high         BLOB,
    has_values   INTEGER NOT NULL CHECK(has_values IN (0, 1)),
    has_writers  INTEGER NOT NULL CHECK(has_writers IN (0, 1)),
    library      TEXT NOT NULL
);

CREATE TABLE types(
    type INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE stats(
    snapshot INTEGER NOT NULL REFERENCES snapshots(id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    value,
    PRIMARY KEY(snapshot, name)
) WITHOUT ROWID;

CREATE TABLE hottest(
    snapshot INTEGER NOT NULL REFERENCES snapshots(id) ON DELETE CASCADE,
    rank     INTEGER NOT NULL CHECK(rank > 0),
    key      BLOB NOT NULL CHECK(typeof(key) = 'blob'),
    count    INTEGER NOT NULL,
    error    INTEGER NOT NULL,
    PRIMARY KEY(snapshot, rank)
) WITHOUT ROWID;

CREATE VIEW kv_at AS
    SELECT s.id AS snapshot, k.key, k.type, k.size, k.version, k.revision, k.writer_txn, k.writer_label,
           k.writer_tid, k.since, k.value
      FROM snapshots AS s JOIN kv AS k ON k.since <= s.id
    UNION ALL
    SELECT s.id, p.key, p.type, p.size, p.version, p.revision, p.writer_txn, p.writer_label,
           p.writer_tid, p.since, p.value
      FROM snapshots AS s JOIN past AS p ON p.since <= s.id AND s.id < p.until;

CREATE VIEW kv_text AS
    SELECT CASE WHEN instr(k.key, x'00') = 0 AND NOT CAST(k.key AS TEXT) GLOB ('*[^ -~' || char(192) || '-' || char(55295) || char(63744) || '-' || char(65532) || char(65536) || '-' || char(1114111) || ']*')
                THEN CAST(k.key AS TEXT) ELSE quote(k.key) END AS key,
           coalesce(t.name, k.type) AS type,
           CASE WHEN typeof(k.value) <> 'blob' THEN k.value
                WHEN k.size <= 1000 AND instr(k.value, x'00') = 0
                     AND NOT CAST(k.value AS TEXT) GLOB ('*[^ -~' || char(9, 10, 13, 192) || '-' || char(55295) || char(63744) || '-' || char(65532) || char(65536) || '-' || char(1114111) || ']*')
                THEN CAST(k.value AS TEXT)
                WHEN k.size <= 64 THEN quote(k.value)
                ELSE quote(substr(k.value, 1, 64)) || ' and more, ' || k.size || ' bytes in all' END AS value,
           k.size, k.version, k.revision, k.writer_label AS writer, k.writer_txn, k.writer_tid
      FROM kv AS k LEFT JOIN types AS t ON t.type = k.type;

CREATE VIEW hot_keys AS
    SELECT h.rank,
           CASE WHEN instr(h.key, x'00') = 0 AND NOT CAST(h.key AS TEXT) GLOB ('*[^ -~' || char(192) || '-' || char(55295) || char(63744) || '-' || char(65532) || char(65536) || '-' || char(1114111) || ']*')
                THEN CAST(h.key AS TEXT) ELSE quote(h.key) END AS key,
           h.count AS conflicts, h.error AS too_high_by_at_most, k.version, k.writer_label AS last_writer
      FROM hottest AS h LEFT JOIN kv AS k ON k.key = h.key
     WHERE h.snapshot = (SELECT max(id) FROM snapshots)
     ORDER BY h.rank;

CREATE VIEW oldest AS
    SELECT revision, key, type, value, version, writer FROM kv_text
     WHERE revision IS NOT NULL ORDER BY revision LIMIT 100;

CREATE VIEW largest AS
    SELECT CASE WHEN instr(key, x'00') = 0 AND NOT CAST(key AS TEXT) GLOB ('*[^ -~' || char(192) || '-' || char(55295) || char(63744) || '-' || char(65532) || char(65536) || '-' || char(1114111) || ']*')
                THEN CAST(key AS TEXT) ELSE quote(key) END AS key,
           size, type, version, writer_label AS writer
      FROM kv ORDER BY size DESC, kv.key LIMIT 100;

INSERT INTO types VALUES(0, 'bytes'), (1, 'int64'), (2, 'double'), (3, 'string');

INSERT INTO readme VALUES
('1 what this is',
 'The content of a libstm store: named values in the memory of a running program, as they were at one instant. '
 || 'Nothing here changes while you look; the program has gone on.'),
('2 where to look',
 'kv_text: keys and values, readable. kv: the same as stored; keys are BLOBs, so that their order is that of '
 || 'the store (write key = CAST(''name'' AS BLOB), or x''6e616d65''). '
 || 'largest, oldest, hot_keys: the keys that take most room, were not changed for longest, cost most conflicts.'),
('3 columns of kv',
 'type: see the table types; others are the program''s own. size: of the value in bytes. version: how often the key has been '
 || 'published. revision: the commit that published it, in the store''s order. writer_txn, writer_label, '
 || 'writer_tid: which transaction, of which kind, by which thread. since: the first snapshot here that shows this row. '
 || 'value: INTEGER for int64, REAL for double, TEXT for string, otherwise the bytes; a string that is not UTF-8 and a NaN are '
 || 'kept as bytes. NULL: exported without values. Revision and writer are NULL: exported without writers.'),
('4 history',
 'A row of snapshots is an instant; kv always shows the newest. Rows that were replaced or deleted are in past, seen by the '
 || 'snapshots since <= id < until. SELECT * FROM kv_at WHERE snapshot = 3 shows all of snapshot 3. '
 || 'A row''s revision and writer are of the store of snapshot `since` (snapshots.store).'),
('5 statistics',
 'stats: the counters of the store when the snapshot was taken. hottest: the keys that had cost most conflicts.'),
('6 checking',
 'checksum in snapshots: the sum, modulo 2^128, of XXH3-128 of each row''s key, type, version and value. It guards against '
 || 'accidents, not against malice. stm-snapshot verify FILE compares it.');
