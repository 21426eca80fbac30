/* The files of a folder. */
#ifndef GAN__FILE_LIST_H
#define GAN__FILE_LIST_H

#include "../base/ctx_impl.h"

typedef struct gan__file_list {
    gan_ctx *ctx;
    char *text; /* the names one after the other, each with its final 0 */
    int64_t used, room;
    int64_t *at; /* where each begins */
    int64_t count, places;
} gan__file_list;

static inline const char *gan__file_name(const gan__file_list *list, int64_t i) { return list->text + list->at[i]; }

/* Regular files of `folder` whose name `wanted` accepts, relative to it; with `deep`, those of folders inside too. Sorted by the
 * bytes of their names, folder by folder. Names that begin with a dot are passed over: other systems keep their notes there.
 * False (raised as who): a folder cannot be read, or there is no memory. Free the list in either case. */
bool gan__list_files(gan__file_list *list, const char *folder, bool deep, bool (*wanted)(const char *name), const char *who);
void gan__free_files(gan__file_list *list);

char *gan__join(gan_ctx *ctx, const char *folder, const char *name); /* folder/name; NULL (raised) without memory */

/* Of the end of a name, in any mixture of capitals; suffix: lower case, with its dot. */
bool gan__has_suffix(const char *name, const char *suffix);

#endif
