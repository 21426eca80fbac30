/* The run folder: whose it is, and the checkpoints in it. */
#ifndef GAN__RUN_FOLDER_H
#define GAN__RUN_FOLDER_H

#include "trainer_impl.h"

#define GAN__RUN_PATH 4096
#define GAN__RUN_NAME 64 /* of what lies in the folder, at most */

/* out/name, into path, which it returns. */
const char *gan__run_path(const gan_train_opts *o, const char *name, char path[GAN__RUN_PATH]);

/* Makes the folder where it is missing and takes it for this run alone: the lock, for gan__folder_unlock. -1 (raised): another
 * run is going on in it, or it holds another run than the one that the trainer goes on with. */
int gan__run_folder_take(gan_trainer *t, const gan_train_opts *o, const char *who);

/* Removes what an earlier run left, so that whatever becomes of the new one, nobody goes on with the old one, or reads of it, by
 * mistake; with_config: run.ini, too, which else is about to be written. */
void gan__run_folder_clear(const gan_train_opts *o, bool with_config);

/* Writes checkpoint.safetensors. The one before stays as good.safetensors, if all was well when it was written and still is:
 * verdicts come late, the last one before them may be of a run that had begun to fail, the one before that hardly. */
void gan__run_checkpoint(gan_trainer *t, const gan_train_opts *o);

/* The trainer goes on from this file, which was written while the watcher told of a failure, or not. */
void gan__run_goes_on_from(gan_trainer *t, const char *path, bool failing);

#endif
