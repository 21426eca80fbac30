/* Files that grow: what could not be added whole is taken back. */
#ifndef GAN__APPEND_H
#define GAN__APPEND_H

#include <stdbool.h>
#include <stddef.h>

/* Adds the bytes at the end of an open file. Returns 0 or an errno; *clean tells whether the file is then as it was. */
int gan__append(int fd, const void *bytes, size_t size, bool *clean);

#endif
