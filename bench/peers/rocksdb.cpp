/*
 * rocksdb.cpp -- RocksDB's OptimisticTransactionDB: a log-structured merge tree, whose transactions are checked when
 * they commit.
 *
 * Its files lie in memory, and it writes no log. GetForUpdate and a commit that answers Busy or TryAgain
 * when a key has changed; reads and scans through a snapshot.
 */
#include "peer.h"

#include <memory>
#include <rocksdb/options.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/version.h>
#include <string>
#include <vector>

namespace
{

struct rocks_store {
    std::unique_ptr<rocksdb::OptimisticTransactionDB> db;
    size_t value_size;
    rocksdb::WriteOptions write;
};

struct rocks_context : peer_context {
    rocks_store *store;
    std::unique_ptr<rocksdb::Transaction> txn; /* used again: it saves allocations */
    std::vector<rocksdb::Slice> slices;
    std::vector<rocksdb::PinnableSlice> values;
    std::vector<rocksdb::Status> statuses;
    std::string value;
};

rocks_context *own(peer_context *context)
{
    return static_cast<rocks_context *>(context);
}

void must(const rocksdb::Status &status, const char *call)
{
    if (!status.ok())
        bench_fail("%s: %s", call, status.ToString().c_str());
}

rocksdb::Slice slice_of(const char *text)
{
    return rocksdb::Slice(text, PEER_KEY_SIZE);
}

void begin(rocks_context *c)
{
    rocksdb::Transaction *old = c->txn.release();
    c->txn.reset(
        c->store->db->BeginTransaction(c->store->write, rocksdb::OptimisticTransactionOptions(), old));
}

bool commit(rocks_context *c)
{
    rocksdb::Status status = c->txn->Commit();
    bool lost = status.IsBusy() || status.IsTryAgain();
    if (!lost)
        must(status, "Commit");
    c->commits += !lost;
    c->conflicts += lost;
    return !lost;
}

bool try_put(rocks_context *c, const peer_keys *keys, const void *value)
{
    rocksdb::Slice bytes(static_cast<const char *>(value), c->store->value_size);
    begin(c);
    for (size_t i = 0; i < keys->count; i++)
        must(c->txn->Put(slice_of(keys->texts[i]), bytes), "Put");
    return commit(c);
}

void put(peer_context *context, const peer_keys *keys, const void *value)
{
    while (!try_put(own(context), keys, value))
        ;
}

bool try_update(rocks_context *c, const peer_keys *keys, const int64_t *deltas)
{
    begin(c);
    for (size_t i = 0; i < keys->count; i++) {
        rocksdb::Slice key = slice_of(keys->texts[i]);
        must(c->txn->GetForUpdate(rocksdb::ReadOptions(), key, &c->value), "GetForUpdate");
        peer_add(c->value.data(), deltas[i]);
        must(c->txn->Put(key, c->value), "Put");
    }
    return commit(c);
}

void update(peer_context *context, const peer_keys *keys, const int64_t *deltas)
{
    while (!try_update(own(context), keys, deltas))
        ;
}

int64_t read_sum(peer_context *context, const peer_keys *keys)
{
    rocks_context *c = own(context);
    rocksdb::DB *db = c->store->db.get();
    rocksdb::ReadOptions options;
    int64_t sum = 0;
    options.snapshot = db->GetSnapshot();
    c->slices.clear();
    for (size_t i = 0; i < keys->count; i++)
        c->slices.push_back(slice_of(keys->texts[i]));
    c->values.resize(keys->count);
    c->statuses.resize(keys->count);
    db->MultiGet(options, db->DefaultColumnFamily(), keys->count, c->slices.data(), c->values.data(),
                 c->statuses.data());
    for (size_t i = 0; i < keys->count; i++) {
        must(c->statuses[i], "MultiGet");
        sum += peer_number(c->values[i].data());
        c->values[i].Reset();
    }
    db->ReleaseSnapshot(options.snapshot);
    context->commits++;
    return sum;
}

bool try_replace(rocks_context *c, const peer_keys *keys, const void *value)
{
    begin(c);
    must(c->txn->GetForUpdate(rocksdb::ReadOptions(), slice_of(keys->texts[0]), &c->value), "GetForUpdate");
    must(c->txn->Delete(slice_of(keys->texts[0])), "Delete");
    must(c->txn->Put(slice_of(keys->texts[1]),
                     rocksdb::Slice(static_cast<const char *>(value), c->store->value_size)),
         "Put");
    return commit(c);
}

void replace(peer_context *context, const peer_keys *keys, const void *value)
{
    while (!try_replace(own(context), keys, value))
        ;
}

/* From low on, or from the first key where low is null. An iterator sees one instant. */
peer_sum walk(const rocks_context *c, const char *low, size_t count)
{
    peer_sum all = {0, 0};
    std::unique_ptr<rocksdb::Iterator> at(c->store->db->NewIterator(rocksdb::ReadOptions()));
    if (low == nullptr)
        at->SeekToFirst();
    else
        at->Seek(slice_of(low));
    for (; at->Valid() && all.count < count; at->Next()) {
        all.sum += peer_number(at->value().data());
        all.count++;
    }
    must(at->status(), "an iterator");
    return all;
}

peer_sum scan(peer_context *context)
{
    return walk(own(context), nullptr, SIZE_MAX);
}

peer_sum range(peer_context *context, const char *low, size_t count)
{
    return walk(own(context), low, count);
}

const char *version()
{
    static const std::string text = rocksdb::GetRocksVersionAsString();
    return text.c_str();
}

void *open_store(const peer_setup *setup)
{
    rocks_store *store = new rocks_store;
    rocksdb::OptimisticTransactionDB *db;
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression; /* it is in memory */
    store->write.disableWAL = true;
    store->value_size = setup->value_size;
    must(rocksdb::OptimisticTransactionDB::Open(options, setup->folder, &db), "Open");
    store->db.reset(db);
    return store;
}

void close_store(void *store)
{
    delete static_cast<rocks_store *>(store);
}

peer_context *enter(void *store)
{
    rocks_context *c = new rocks_context{};
    c->store = static_cast<rocks_store *>(store);
    return c;
}

void leave(peer_context *context)
{
    delete own(context);
}

const peer rocks = {
    .name = "rocksdb",
    .title = "RocksDB",
    .setup = "OptimisticTransactionDB, files in memory, no log",
    .gives =
        {.atomic = 1, .isolation = PEER_ISOLATION_SERIALIZABLE, .snapshot = 1, .durable = 0, .blocks = 1},
    .threads_max = 0,
    .scans_alone = 0,
    .by_handle = 0,
    .version = version,
    .open = open_store,
    .close = close_store,
    .enter = enter,
    .leave = leave,
    .put = put,
    .update = update,
    .read = read_sum,
    .prefetch = nullptr,
    .replace = replace,
    .scan = scan,
    .range = range,
    .bytes_elsewhere = nullptr,
};

} // namespace

extern const peer *const bench_peers[] = {&rocks, nullptr};
