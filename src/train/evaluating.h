/* Measuring samples while training, and keeping the best checkpoint. */
#ifndef GAN__EVALUATING_H
#define GAN__EVALUATING_H

#include "../io/event_file.h"
#include "../io/jsonl.h"
#include "../io/safetensors.h"
#include "trainer_impl.h"

typedef struct gan__evaluating {
    gan_judge *judge; /* NULL: nothing is measured */
    bool own;         /* it was made here */
    bool keeps;       /* the best checkpoint, */
    gan_measure by;   /* by this measure */
} gan__evaluating;

/* False (raised): the options do not go together. */
bool gan__evaluating_start(gan__evaluating *e, gan_trainer *t, const gan_train_opts *o, const char *who);

/* After a step: measures, if that is due, and tells the log (NULL: there is none). A new best is noted in the trainer. */
void gan__evaluating_step(gan__evaluating *e, gan_trainer *t, const gan_train_opts *o, gan__jsonl *log, gan__events *events);

void gan__evaluating_end(gan__evaluating *e);

/* --- in checkpoints --------------------------------------------------------------------------------------- */

void gan__evaluating_add(const gan_trainer *t, gan__st_writer *w);
void gan__evaluating_read(gan_trainer *t, gan__st *file);

#endif
