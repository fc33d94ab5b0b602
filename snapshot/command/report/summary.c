/* summary.c -- the answer before the pictures: a sentence, and the figures that everybody asks for. */
#include "../text.h"
#include "figure.h"
#include "markup.h"
#include "parts.h"

#define WORTH_TELLING 0.2 /* of all bytes */

/* NULL: none that has much more than the others. */
static const char *biggest_prefix(const struct facts *facts, double *share)
{
    static char text[128];
    const struct survey *survey = &facts->survey;
    const struct top *top = &survey->prefixes[survey->depth];
    if (top->entries->len < 2 || survey->depth == 0)
        return NULL;
    const struct entry *entry = &g_array_index(top->entries, struct entry, 0);
    *share = (double)amount_bytes(&entry->amount) / (double)amount_bytes(&survey->all);
    if (entry->direct || *share < WORTH_TELLING)
        return NULL;
    GString *name = prefix_text(entry, 40);
    g_strlcpy(text, name->str, sizeof text);
    g_string_free(name, TRUE);
    return text;
}

static void write_sentence(GString *html, const struct facts *facts)
{
    const struct amount *all = &facts->survey.all;
    double share;
    const char *prefix = biggest_prefix(facts, &share);
    g_string_append(html, "<p class=\"sentence\">");
    markup_printf(html, "%s %s, %s", text_count(all->keys), KEYS(all->keys), text_size(amount_bytes(all)));
    if (prefix != NULL) {
        markup_printf(html, "; %s of it under ", figure_share(share).text);
        g_string_append(html, "<code><bdi>");
        markup_text(html, prefix);
        g_string_append(html, "</bdi></code>");
    }
    g_string_append(html, ".</p>\n");
}

static void write_changes(GString *html, const struct facts *facts)
{
    const uint64_t *counts = facts->counts;
    if (!facts->has_before)
        return;
    g_string_append(html, "<p class=\"hint\">");
    markup_printf(html, "Since snapshot %lld: %s %s added, ", (long long)facts->before.id,
                  text_count((int64_t)counts[CHANGE_ADDED]), KEYS(counts[CHANGE_ADDED]));
    markup_printf(html, "%s changed, %s removed.", text_count((int64_t)counts[CHANGE_VALUE]),
                  text_count((int64_t)counts[CHANGE_REMOVED]));
    g_string_append(html, "</p>\n");
}

static void write_tile(GString *html, const char *kind, const char *name, const char *figure,
                       const char *more)
{
    g_string_append_printf(html, "<div class=\"tile %s\"><dt>%s</dt><dd>%s", kind, name, figure);
    if (more[0] != '\0') {
        g_string_append(html, "<small>");
        markup_text(html, more);
        g_string_append(html, "</small>");
    }
    g_string_append(html, "</dd></div>\n");
}

static void write_tiles(GString *html, const struct facts *facts)
{
    const struct survey *survey = &facts->survey;
    char more[80];
    g_string_append(html, "<dl class=\"tiles\">\n");
    write_tile(html, "", "Keys", text_count(survey->all.keys), "");
    g_snprintf(more, sizeof more, "%s each, on average",
               text_size(survey->all.keys > 0 ? survey->all.value_bytes / survey->all.keys : 0));
    write_tile(html, "", "Values", text_size(survey->all.value_bytes), survey->all.keys > 0 ? more : "");
    write_tile(html, "", "Bytes of keys", text_size(survey->all.key_bytes), "");
    write_tile(html, "", "Revision", text_count(facts->snapshot.revision), "");
    write_tile(html, "", "Snapshots", text_count(facts->instant_count), "up to this one");
    write_tile(html, "", "File", text_size(facts->file_bytes), "all of it");
    g_string_append(html, "</dl>\n");
}

void summary_write(GString *html, const struct facts *facts)
{
    g_string_append(html, "<div class=\"verdict fine\">\n");
    write_sentence(html, facts);
    write_changes(html, facts);
    g_string_append(html, "</div>\n");
    write_tiles(html, facts);
}
