#include "comparison_json.h"

#include "../json/json.h"

#include <glib.h>
#include <jansson.h>

static const char *const judgements[] = {[JUDGEMENT_UNKNOWN] = "unknown", [JUDGEMENT_SAME] = "same",
                                         [JUDGEMENT_BETTER] = "better", [JUDGEMENT_WORSE] = "worse"};

static json_t *keys_of(const comparison *comparison, const side *side, size_t top)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < side->report->key_count && i < top; i++) {
        const hot_key *key = &side->report->keys[i];
        uint64_t losses = key->conflicts + key->busy;
        json_array_append_new(keys, json_pack("{s:s, s:I, s:f}", "name", key->name, "losses", (json_int_t)losses,
                                              comparison->by_share ? "share" : "a_second",
                                              comparison_of_losses(comparison, side, losses)));
    }
    return keys;
}

static json_t *labels_of(const side *side)
{
    json_t *labels = json_array();
    for (size_t i = 0; i < side->report->label_count; i++) {
        const label_row *row = &side->report->labels[i];
        json_array_append_new(labels, json_pack("{s:s, s:I, s:I, s:I, s:I}", "label", row->label, "commits",
                                                (json_int_t)row->commits, "conflicts", (json_int_t)row->conflicts, "busy",
                                                (json_int_t)row->busy, "wasted_ns", (json_int_t)row->wasted_ns));
    }
    return labels;
}

static json_t *side_of(const comparison *comparison, const side *side, size_t top)
{
    const health *health = &side->report->health;
    char *path = g_utf8_make_valid(health->path, -1);
    json_t *json = json_pack(
        "{s:s, s:f, s:b, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "path", path, "seconds", side->seconds,
        "has_attempts", side->report->verdict.has_attempts, "lower_bounds", health->lower_bounds, "attempts_a_second",
        side->attempts_a_second, "commits_a_second", side->commits_a_second, "losses_a_second", side->losses_a_second,
        "lost_share", side->lost_share, "conflict_share", side->conflict_share, "busy_share", side->busy_share,
        "wasted_share", side->report->verdict.wasted_share, "keys", keys_of(comparison, side, top), "labels",
        labels_of(side));
    g_free(path);
    return json;
}

void comparison_json_write(const comparison *comparison, size_t top, FILE *file)
{
    json_t *json = json_pack("{s:i, s:b, s:s, s:s, s:s, s:o, s:o}", "schema", (int)JSON_SCHEMA, "by_share",
                             comparison->by_share, "losses", judgements[comparison->losses], "commits",
                             judgements[comparison->commits], "sentence", comparison->sentence, "before",
                             side_of(comparison, &comparison->before, top), "after",
                             side_of(comparison, &comparison->after, top));
    json_dumpf(json, file, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    fputc('\n', file);
    json_decref(json);
}
