/* embedded.h -- files that become part of the command: style.css and script.js. Each ends with a 0. */
#ifndef HTML_EMBEDDED_H
#define HTML_EMBEDDED_H

extern const unsigned char html_style_css[];
extern const unsigned char html_script_js[];

#endif
