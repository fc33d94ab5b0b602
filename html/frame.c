#include "frame.h"

#include <string.h>

#include "embedded.h"
#include "markup.h"

#define TITLE_COLUMNS 80

/* An element's content is hashed as it stands: between these, which hide it from XML and say nothing in CSS and
 * script. */
#define CONTENT_BEGIN "/*<![CDATA[*/\n"
#define CONTENT_END "/*]]>*/"

static char *content_of(const unsigned char *file, const unsigned char *more)
{
    return g_strconcat(CONTENT_BEGIN, (const char *)file, more == NULL ? "" : (const char *)more, CONTENT_END,
                       NULL);
}

static char *hash_of(const char *content)
{
    guint8 digest[32];
    gsize size = sizeof digest;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)content, (gssize)strlen(content));
    g_checksum_get_digest(checksum, digest, &size);
    g_checksum_free(checksum);
    return g_base64_encode(digest, size);
}

static void write_policy(GString *html, const char *style, const char *script)
{
    char *style_hash = hash_of(style), *script_hash = hash_of(script);
    g_string_append_printf(
        html,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'\"/>\n",
        style_hash, script_hash);
    g_free(style_hash);
    g_free(script_hash);
}

void frame_open(GString *html, const char *title, const unsigned char *more_style)
{
    char *style = content_of(html_style_css, more_style), *script = content_of(html_script_js, NULL);
    g_string_append(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    write_policy(html, style, script);
    g_string_append(html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
    markup_text_short(html, title, TITLE_COLUMNS);
    g_string_append_printf(html, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", style);
    g_free(style);
    g_free(script);
}

void frame_close(GString *html)
{
    char *script = content_of(html_script_js, NULL);
    g_string_append_printf(html, "</main>\n<script>%s</script>\n</body>\n</html>\n", script);
    g_free(script);
}

void nothing_write(GString *html, const char *why)
{
    g_string_append(html, "<p class=\"nothing\">");
    markup_text(html, why);
    g_string_append(html, "</p>\n");
}
