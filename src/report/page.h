/* Writing HTML: text is escaped, numbers have a point whatever the locale. After a failure the calls do nothing. */
#ifndef GAN__PAGE_H
#define GAN__PAGE_H

#include "../io/atomic_file.h"

/* As it stands. */
void gan__page_raw(gan__file *f, const char *html);

/* Tags and whole numbers; text that is not the library's own goes through gan__page_text. */
void gan__page_tag(gan__file *f, const char *format, ...) GAN_PRINTF(2, 3);

/* Text, as content or between double quotes. Control characters and what is no UTF-8 become U+FFFD. */
void gan__page_text(gan__file *f, const char *text);

/* A number as people read it, in three digits. */
void gan__page_number(gan__file *f, double x);
void gan__number_brief(double x, char text[32]);

/* Bytes in base64. */
void gan__page_base64(gan__file *f, const uint8_t *bytes, size_t size);

#endif
