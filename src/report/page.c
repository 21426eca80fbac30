#include "page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/words.h"

void gan__page_raw(gan__file *f, const char *html) { gan__file_write(f, html, strlen(html)); }

void gan__page_tag(gan__file *f, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) gan__file_write(f, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* Bytes of the UTF-8 character that text starts with; 0: it starts with none, or with a control character. */
static int character(const unsigned char *t) {
    if (t[0] < 0x80) return t[0] >= 0x20 && t[0] != 0x7f ? 1 : t[0] == '\n' || t[0] == '\t';
    int n = t[0] >= 0xc2 && t[0] < 0xe0 ? 2 : t[0] >= 0xe0 && t[0] < 0xf0 ? 3 : t[0] >= 0xf0 && t[0] < 0xf5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((t[i] & 0xc0) != 0x80) return 0;
    bool overlong = (t[0] == 0xe0 && t[1] < 0xa0) || (t[0] == 0xf0 && t[1] < 0x90);
    bool beyond = (t[0] == 0xed && t[1] >= 0xa0) || (t[0] == 0xf4 && t[1] >= 0x90);
    return n && (overlong || beyond) ? 0 : n;
}

static const char *entity(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void gan__page_text(gan__file *f, const char *text) {
    while (text && *text) {
        const char *e = entity(*text);
        int n = character((const unsigned char *)text);
        if (e)
            gan__page_raw(f, e);
        else if (n)
            gan__file_write(f, text, (size_t)n);
        else
            gan__page_raw(f, "\xef\xbf\xbd");
        text += n ? n : 1;
    }
}

void gan__number_brief(double x, char text[32]) {
    double size = fabs(x);
    if (size >= 1000 && size < 1e7)
        snprintf(text, 32, "%.0f", x);
    else
        snprintf(text, 32, "%.3g", x);
    gan__number_point(text);
}

void gan__page_number(gan__file *f, double x) {
    char text[32];
    gan__number_brief(x, text);
    gan__page_raw(f, text);
}

void gan__page_base64(gan__file *f, const uint8_t *b, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[4096];
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t left = (uint32_t)(size - i), v = (uint32_t)b[i] << 16;
        if (left > 1) v |= (uint32_t)b[i + 1] << 8;
        if (left > 2) v |= b[i + 2];
        for (int k = 0; k < 4; k++) text[used++] = k > (int)left ? '=' : digits[v >> (18 - 6 * k) & 63];
        if (used < sizeof text && i + 3 < size) continue;
        gan__file_write(f, text, used);
        used = 0;
    }
}
