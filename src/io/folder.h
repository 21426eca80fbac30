/* Folders of what is written. */
#ifndef GAN__FOLDER_H
#define GAN__FOLDER_H

#include "../base/ctx_impl.h"

/* Makes the folder and those above it where they are missing. False (raised, GAN_E_IO). */
bool gan__folder_make(gan_ctx *ctx, const char *path, const char *who);

/* Takes the folder for this process alone until the lock is closed. -1 (raised, GAN_E_IO): another has it; -2: this file system
 * knows no locks. */
int gan__folder_lock(gan_ctx *ctx, const char *path, const char *who);
void gan__folder_unlock(int lock);

#endif
