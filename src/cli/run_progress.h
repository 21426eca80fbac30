/* What a person sees of a run under way, and how Ctrl-C ends it. */
#ifndef GAN__RUN_PROGRESS_H
#define GAN__RUN_PROGRESS_H

#include "commands.h"

/* Trains by the configuration until it is done, fails or is interrupted; tells on stdout what there is. Returns the exit status.
 */
int run_training(const command *self, gan_config *c, gan_trainer *t, bool quiet);

/* Takes the line that changes off the terminal, for a message in its place; it comes again below. */
void clear_live_line(void);

#endif
