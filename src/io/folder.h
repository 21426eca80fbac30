/* Folders of what is written. */
#ifndef GAN__FOLDER_H
#define GAN__FOLDER_H

#include "../base/ctx_impl.h"

/* Makes the folder and those above it where they are missing. False (raised, GAN_E_IO). */
bool gan__folder_make(gan_ctx *ctx, const char *path, const char *who);

#endif
