/*
 * treemap.c -- what takes the room: a rectangle a prefix, its area the bytes of keys and values, its colour
 * the number of keys; in a rectangle that is large enough, the prefixes of one part more. Where there are few
 * keys, each is one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "markup.h"
#include "parts.h"
#include "squarify.h"
#include "svg.h"

#define HEIGHT 460.0
#define TILES_MAX ((guint)60)
#define COLUMN_WIDTH 7.4   /* of a character */
#define TITLE_HEIGHT 20.0  /* of a rectangle with others in it */
#define NESTED_WIDTH 120.0 /* from here, others are drawn in it */
#define NESTED_HEIGHT 70.0

struct tile {
    struct amount amount;
    const struct entry *entry; /* NULL: all others */
    GString *name;
};

struct picture {
    const struct survey *survey;
    bool keys; /* each tile is one: their number says nothing */
    ramp ramp;
};

static double size_of(const struct tile *tile)
{
    return (double)amount_bytes(&tile->amount);
}

/* ------------------------------------------------------------------------------------- tiles -- */

static void take(struct amount *from, const struct amount *amount)
{
    from->keys -= amount->keys;
    from->key_bytes -= amount->key_bytes;
    from->value_bytes -= amount->value_bytes;
}

static int compare_tiles(const void *a, const void *b)
{
    double left = size_of(a), right = size_of(b);
    return (left < right) - (left > right);
}

static bool is_within(const struct entry *entry, const GByteArray *prefix)
{
    return entry->name->len >= prefix->len && memcmp(entry->name->data, prefix->data, prefix->len) == 0;
}

/* Of top, those with that prefix (NULL: all), named without it; and as one, what is left of the amount. */
static size_t make_tiles(const struct top *top, const GByteArray *prefix, struct amount left, bool keys,
                         struct tile tiles[TILES_MAX + 1])
{
    size_t count = 0, skip = prefix == NULL ? 0 : prefix->len;
    for (guint i = 0; i < top->entries->len && count < TILES_MAX; i++) {
        const struct entry *entry = &g_array_index(top->entries, struct entry, i);
        if (prefix != NULL && !is_within(entry, prefix))
            continue;
        stm_bytes name = stm_bytes_of(entry->name->data + skip, entry->name->len - skip);
        GString *text =
            keys || (skip > 0 && !entry->direct) ? text_escaped(name, 200) : prefix_text(entry, 200);
        if (skip > 0 && !entry->direct)
            g_string_append_c(text, '*');
        tiles[count++] = (struct tile){entry->amount, entry, text};
        take(&left, &entry->amount);
    }
    if (left.keys > 0 && amount_bytes(&left) > 0)
        tiles[count++] = (struct tile){left, NULL, g_string_new("(others)")};
    qsort(tiles, count, sizeof *tiles, compare_tiles);
    return count;
}

static void lay_tiles(const struct tile *tiles, size_t count, struct area whole, struct area *areas)
{
    double amounts[TILES_MAX + 1];
    for (size_t i = 0; i < count; i++)
        amounts[i] = size_of(&tiles[i]);
    squarify(amounts, count, whole, areas);
}

static void free_tiles(struct tile *tiles, size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_string_free(tiles[i].name, TRUE);
}

/* ----------------------------------------------------------------------------------- drawing -- */

static void draw_line(GString *html, const char *kind, const char *text, size_t columns, double x, double y)
{
    g_string_append_printf(html, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", kind, x, y);
    markup_text_short(html, text, columns);
    g_string_append(html, "</text>");
}

/* The name and, below it, the size, as far as there is room. */
static void draw_name(GString *html, const struct tile *tile, struct area area, const char *colour)
{
    char kind[16];
    size_t columns = (size_t)fmax(0, (area.width - 8) / COLUMN_WIDTH);
    double x = area.x + area.width / 2, y = area.y + area.height / 2;
    bool two = area.height >= 36 && columns >= 9;
    if (columns < 5 || area.height < 17)
        return;
    g_snprintf(kind, sizeof kind, "t%s key", colour);
    draw_line(html, kind, tile->name->str, columns, x, two ? y - 3 : y + 4);
    g_snprintf(kind, sizeof kind, "t%s", colour);
    if (two)
        draw_line(html, kind, text_size(amount_bytes(&tile->amount)), columns, x, y + 14);
}

static void draw_leaf(GString *html, const struct picture *picture, const struct tile *tile, struct area area)
{
    char colour[8] = "0";
    if (!picture->keys)
        g_snprintf(colour, sizeof colour, "%u",
                   MAX(1, ramp_colour(&picture->ramp, (uint64_t)tile->amount.keys)));
    g_string_append(html, "<g class=\"tile-of\"><title>");
    markup_text(html, tile->name->str);
    markup_printf(html, ": %s %s, %s, %.1f %%", text_count(tile->amount.keys), KEYS(tile->amount.keys),
                  text_size(amount_bytes(&tile->amount)),
                  100 * size_of(tile) / (double)amount_bytes(&picture->survey->all));
    g_string_append_printf(
        html, "</title><rect class=\"h%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", colour,
        area.x, area.y, area.width, area.height);
    draw_name(html, tile, area, colour);
    g_string_append(html, "</g>\n");
}

/* The title on top, and the rest for what is in it. */
static void draw_title(GString *html, const struct tile *tile, struct area *area)
{
    char title[256];
    g_snprintf(title, sizeof title, "%.120s  %s", tile->name->str, text_size(amount_bytes(&tile->amount)));
    g_string_append_printf(html,
                           "<g class=\"group\"><rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>",
                           area->x, area->y, area->width, area->height);
    draw_line(html, "key title", title, (size_t)((area->width - 12) / COLUMN_WIDTH), area->x + 6,
              area->y + 14);
    g_string_append(html, "</g>\n");
    *area =
        (struct area){area->x + 2, area->y + TITLE_HEIGHT, area->width - 4, area->height - TITLE_HEIGHT - 2};
}

/* How many tiles there are in this one; fewer than two are nothing to show. */
static size_t tiles_within(const struct picture *picture, const struct tile *tile, struct area area,
                           struct tile tiles[TILES_MAX + 1])
{
    unsigned depth = picture->survey->depth;
    if (depth == 0 || depth == SURVEY_DEPTH_MAX || tile->entry == NULL || tile->entry->direct ||
        area.width < NESTED_WIDTH || area.height < NESTED_HEIGHT)
        return 0;
    size_t count =
        make_tiles(&picture->survey->prefixes[depth + 1], tile->entry->name, tile->amount, false, tiles);
    if (count >= 2)
        return count;
    free_tiles(tiles, count);
    return 0;
}

static void draw_tile(GString *html, const struct picture *picture, const struct tile *tile, struct area area)
{
    struct tile within[TILES_MAX + 1];
    struct area areas[TILES_MAX + 1];
    size_t count = tiles_within(picture, tile, area, within);
    if (count == 0) {
        draw_leaf(html, picture, tile, area);
        return;
    }
    draw_title(html, tile, &area);
    lay_tiles(within, count, area, areas);
    for (size_t i = 0; i < count; i++)
        draw_leaf(html, picture, &within[i], areas[i]);
    free_tiles(within, count);
}

static void draw(GString *html, const struct survey *survey, bool keys)
{
    struct tile tiles[TILES_MAX + 1];
    struct area areas[TILES_MAX + 1];
    const struct top *top = keys ? &survey->largest : &survey->prefixes[survey->depth];
    size_t count = make_tiles(top, NULL, survey->all, keys, tiles);
    int64_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = MAX(most, tiles[i].amount.keys);
    struct picture picture = {survey, keys, ramp_make((uint64_t)most)};
    lay_tiles(tiles, count, (struct area){0, 0, CANVAS_WIDTH, HEIGHT}, areas);
    svg_open(html, "wide treemap", CANVAS_WIDTH, HEIGHT,
             "What takes the room: the larger a rectangle, the more bytes");
    for (size_t i = 0; i < count; i++)
        draw_tile(html, &picture, &tiles[i], areas[i]);
    svg_close(html);
    if (!keys)
        ramp_write_legend(html, &picture.ramp, "Keys in a rectangle");
    free_tiles(tiles, count);
}

void treemap_write(GString *html, const struct facts *facts)
{
    const struct survey *survey = &facts->survey;
    bool keys = survey->all.keys <= (int64_t)TILES_MAX;
    if (survey->all.keys == 0) {
        nothing_write(html, "There is no key in this snapshot.");
        return;
    }
    g_string_append_printf(html, "<figure><figcaption>Bytes of keys and values, by %s</figcaption>\n",
                           keys                 ? "key"
                           : survey->depth == 0 ? "the first character in which they differ"
                                                : "prefix");
    draw(html, survey, keys);
    g_string_append(html, "</figure>\n");
}
