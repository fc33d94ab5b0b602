CREATE TABLE kv(
    key          BLOB NOT NULL PRIMARY KEY,
    type         INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    revision     INTEGER,
    writer_txn   INTEGER,
    writer_label TEXT,
    writer_tid   INTEGER,
    since        INTEGER NOT NULL,
    value
)@WITHOUT_ROWID@;

CREATE TABLE past(
    key          BLOB NOT NULL,
    type         INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    revision     INTEGER,
    writer_txn   INTEGER,
    writer_label TEXT,
    writer_tid   INTEGER,
    since        INTEGER NOT NULL,
    until        INTEGER NOT NULL,
    value,
    PRIMARY KEY(key, since)
)@WITHOUT_ROWID@;
