/* Small things that the sources have in common. */
#ifndef GAN__SOURCES_H
#define GAN__SOURCES_H

#include <gan/data.h>

#include "../base/ctx_impl.h"

/* False in a failed context, and, raised as `who`, if the path is NULL or empty. */
static inline bool gan__path_valid(gan_ctx *ctx, const char *path, const char *who) {
    if (!gan__ok(ctx)) return false;
    if (path && *path) return true;
    gan__raise(ctx, GAN_E_ARG, "%s: the path is %s", who, path ? "empty" : "NULL");
    return false;
}

bool gan__is_cifar_batch(const char *name); /* data_batch_*.bin */
bool gan__is_picture(const char *name);     /* PNG, JPEG or BMP, by its ending */

#endif
