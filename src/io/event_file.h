/* Event files, as TensorBoard reads them: numbers and pictures by tag and step. */
#ifndef GAN__EVENT_FILE_H
#define GAN__EVENT_FILE_H

#include "jsonl.h"

typedef struct gan__events gan__events;

/* A new file in the folder, beside those of earlier sessions. Readers are told that what those say of `first_step` and later
 * steps no longer holds. NULL (raised, GAN_E_IO) on failure; the caller closes it; all functions take NULL. */
gan__events *gan__events_open(gan_ctx *ctx, const char *folder, int64_t first_step, const char *who);

/* Numbers, each under its key. A reader sees them at once. False: raised. */
bool gan__events_numbers(gan__events *e, int64_t step, const gan__jsonl_field *fields, int count);

/* A PNG file, as it is. False: raised. */
bool gan__events_picture(gan__events *e, int64_t step, const char *tag, const char *png_path);

void gan__events_close(gan__events *e);

/* CRC-32C (Castagnoli) of some bytes. */
uint32_t gan__crc32c(const void *bytes, size_t size);

#endif
