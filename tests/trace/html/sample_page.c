/* sample_page KIND -- writes the page of a sample to the standard output, to look at it in a browser. */
#include <stdio.h>
#include <string.h>

#include "html.h"
#include "sample_report.h"

int main(int argc, char **argv)
{
    for (size_t kind = 0; argc == 2 && kind < SAMPLE_KIND_COUNT; kind++) {
        if (strcmp(argv[1], sample_names[kind]) != 0)
            continue;
        sample *sample = sample_make((sample_kind)kind);
        int result = report_write_html(&sample->report, stdout);
        sample_free(sample);
        if (result < 0)
            perror("sample_page");
        return result < 0;
    }
    fprintf(stderr, "Usage: sample_page KIND > FILE.html\nKinds:");
    for (size_t kind = 0; kind < SAMPLE_KIND_COUNT; kind++)
        fprintf(stderr, " %s", sample_names[kind]);
    fprintf(stderr, "\n");
    return 2;
}
