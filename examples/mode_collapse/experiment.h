/* A table of training runs: methods by seeds. What is finished is kept in OUT/results.tsv, a line to a run, and never run again;
 * what is not goes on from its checkpoint. */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include <gan/gan.h>

enum { EXPERIMENT_FIGURES = 3 }; /* at most */

/* One run: a method on one set of data, with a seed, for so many steps. */
typedef struct experiment_run {
    int data, method; /* indexes into the experiment's names */
    int64_t steps;
    uint64_t seed;
    const char *out; /* the folder of all runs */
} experiment_run;

typedef struct experiment_published {
    const char *data, *paper;
    const char *figures[EXPERIMENT_FIGURES]; /* as printed there */
} experiment_published;

typedef struct experiment {
    const char *title;
    const char *data[4], *methods[16];           /* names, ended by NULL */
    const char *figures[EXPERIMENT_FIGURES + 1]; /* names, ended by NULL */
    double factor[EXPERIMENT_FIGURES];           /* to print them by: 100 for a share in percent */
    const char *default_steps;
    int samples;                           /* in a picture */
    const experiment_published *published; /* ended by a row without data */

    /* Nets, their data and a trainer with its tricks. */
    gan_trainer *(*set_up)(gan_ctx *ctx, const experiment_run *run);
    /* Figures of the trained G. */
    void (*measure)(gan_ctx *ctx, const experiment_run *run, gan_trainer *t, double figures[EXPERIMENT_FIGURES]);
    /* Those of a perfect sampler, one draw of them. */
    void (*perfect)(gan_ctx *ctx, int data, uint64_t seed, double figures[EXPERIMENT_FIGURES]);
} experiment;

/* Where the digits lie (--digits). */
extern const char *experiment_digits;

/* Reads the command line, makes the runs that are wanted and prints the table. The program's exit status. */
int experiment_main(int argc, char **argv, const experiment *e);

#endif
