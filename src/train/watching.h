/* The watcher in the trainer: what it is fed in a step, its looks, and what becomes of its verdicts. */
#ifndef GAN__WATCHING_H
#define GAN__WATCHING_H

#include "../io/jsonl.h"
#include "../io/safetensors.h"
#include "trainer_impl.h"

/* Around the players' turns, inside the step's scope: how far the weights move, now and then. */
void gan__watching_begin(gan_trainer *t);
void gan__watching_end(gan_trainer *t, const gan_step_info *info);

/* --- in a run -------------------------------------------------------------------------------------------------------- */

/* Takes the trainer's watcher on, or goes on with the one that there is; false (raised): stop_on names no verdict. */
bool gan__watching_start(gan_trainer *t, const gan_train_opts *o, const char *who);

/* After a completed step: looks at samples when that is due, and judges. log: NULL, or where records go that the step completed.
 * False: the verdict is one to stop for, which has been told. */
bool gan__watching_after(gan_trainer *t, const gan_train_opts *o, gan__jsonl *log);

/* Fields of the record that the latest step completed, for the log's line of it: how many, at most GAN__WATCH_LOGGED. */
enum { GAN__WATCH_LOGGED = 48 };
int gan__watching_fields(const gan_trainer *t, gan__jsonl_field fields[GAN__WATCH_LOGGED]);

/* After a step that failed. True: something was not finite, the watcher has patience, the context is well again, and the data
 * have moved on by a batch: try another one. False: it stays failed, at the state of the last completed step. */
bool gan__watching_failed(gan_trainer *t, gan__jsonl *log);

/* Is the latest verdict one of a run that fails? */
bool gan__watching_bad(const gan_trainer *t);

/* --- in checkpoints -------------------------------------------------------------------------------------------------- */

void gan__watching_add(const gan_trainer *t, gan__st_writer *w);
bool gan__watching_read(gan_trainer *t, gan__st *file);

/* Was this checkpoint written while the watcher told of a failure? */
bool gan__watching_told_of_failure(gan__st *file);

#endif
