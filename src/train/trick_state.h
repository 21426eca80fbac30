/* The tricks' part of a checkpoint. */
#ifndef GAN__TRICK_STATE_H
#define GAN__TRICK_STATE_H

#include "../io/safetensors.h"
#include "trainer_impl.h"

void gan__tricks_add(const gan_trainer *t, gan__st_writer *w);

/* False (raised): other tricks than in the file, or state that is missing or does not fit. */
bool gan__tricks_read(gan_trainer *t, gan__st *file, const char *who);

/* Tells, through the log, which tricks' options differ from the file's. */
void gan__tricks_tell(const gan_trainer *t, gan__st *file, const char *who);

#endif
