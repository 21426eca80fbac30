/* A run in words: everything that a training run takes, by name, from a preset, a file or the command line.
 *
 * A configuration has settings ("d.lr", "net.features", "data.path") and tricks. It belongs to the context it is made in, and
 * makes nets and trainers in another, whose seed and threads are among the settings. */
#ifndef GAN_CONFIG_H
#define GAN_CONFIG_H

#include <gan/option.h>
#include <gan/preset.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_config gan_config;

/* With every setting at its default, that is the preset "dcgan" with neither data nor a run folder. Owned by the context. */
GAN_API gan_config *gan_config_new(gan_ctx *ctx);
GAN_API void gan_config_free(gan_config *c);
GAN_API bool gan_config_is_nil(const gan_config *c);

/* --- filling it in. Errors are GAN_E_ARG, naming what is wrong and the nearest name there is; nothing is changed then. -------
 */

/* The settings of nets and trainer as the preset has them, and its tricks in place of all others. */
GAN_API void gan_config_preset(gan_config *c, const char *name);

/* "d.lr=4e-4", "lr*=.3" (numbers only). What both players have ("lr", "beta1", "rate.until") is set for both. Options of tricks
 * in use are settings too: "instance_noise.sigma=.2". */
GAN_API void gan_config_set(gan_config *c, const char *assignment);

/* Takes on an entry of the table of tricks: "packing:m=2", "instance_noise:sigma=0.1,until=20000". */
GAN_API void gan_config_with(gan_config *c, const char *trick);
GAN_API void gan_config_without(gan_config *c, const char *trick); /* lets a trick go again */

/* As gan_config_set, for going on with a run: settings that its checkpoint depends on cannot be changed to other values. */
GAN_API void gan_config_amend(gan_config *c, const char *assignment);

/* A file of lines "name = value", sections [net], [data], [d], ... being the part of a name before its first point, and lines
 * "preset = hinge" and "with = packing:m=2". GAN_E_IO, GAN_E_FORMAT and GAN_E_ARG tell the line. */
GAN_API gan_status gan_config_read(gan_config *c, const char *path);

/* All settings and tricks as such a file, which read again gives the same configuration. GAN_E_ARG: a value that a line of such a
 * file cannot hold (199 characters in all, no " ;"). The text belongs to c until the next call; "" after an error. _write puts it
 * into a file, complete or not at all. */
GAN_API const char *gan_config_text(gan_config *c);
GAN_API gan_status gan_config_write(gan_config *c, const char *path);

/* --- looking at it ------------------------------------------------------------------------------------------------------- */

#define GAN_SETTING_TEXT 1024
typedef struct gan_setting {
    char name[96];                /* "d.lr" */
    char value[GAN_SETTING_TEXT]; /* as gan_config_set reads it */
    char range[256];              /* "number from 0" */
    const char *help;             /* static */
    bool fixed;                   /* it cannot change when a run goes on */
} gan_setting;

/* The index-th setting, from 0, options of the tricks in use included; false behind the last. */
GAN_API bool gan_config_setting(const gan_config *c, int index, gan_setting *setting);

/* The setting of this name; false if there is none. */
GAN_API bool gan_config_find(const gan_config *c, const char *name, gan_setting *setting);

/* The index-th trick in use, from 0, "r1"; NULL behind the last. Static. */
GAN_API const char *gan_config_trick(const gan_config *c, int index);

/* --- making it real: in ctx, of seed and threads as the settings say ---------------------------------------------------- */

GAN_API gan_ctx_opts gan_config_ctx(const gan_config *c); /* without allocator and log */
GAN_API gan_dataset *gan_config_data(gan_config *c, gan_ctx *ctx);

/* G without data, of the sizes that the settings tell: those of a run that was made, as written by gan_config_write. */
GAN_API gan_module *gan_config_generator(const gan_config *c, gan_ctx *ctx);
GAN_API gan_module *gan_config_discriminator(const gan_config *c, gan_ctx *ctx);

/* Data, both nets, the trainer and all tricks. The settings are completed by what the data tells (sizes, the kind of net). */
GAN_API gan_trainer *gan_config_trainer(gan_config *c, gan_ctx *ctx);

/* gan_judge_new, which knows the modes if the settings' data are the ring or the grid. */
GAN_API gan_judge *gan_config_judge(const gan_config *c, gan_dataset *data, gan_dataset *held_out, gan_judge_opts opts);

/* A trainer for samples alone, with G and its average from a checkpoint of such a run: no data is needed, and there are no tricks. */
GAN_API gan_trainer *gan_config_sampler(gan_config *c, gan_ctx *ctx, const char *checkpoint);

/* Raises what gan_config_train would refuse before its first step, and makes nothing. */
GAN_API gan_status gan_config_check(gan_config *c, gan_trainer *t);

/* gan_train with the options that are settings, and on_step, which may be NULL. The configuration is left in the run folder as
 * run.ini, before the first step, unless something is refused or no step is left to take. */
GAN_API gan_status gan_config_train(gan_config *c, gan_trainer *t, gan_step_fn on_step, void *user);

/* --- the table of tricks ------------------------------------------------------------------------------------------------- */

/* One piece of the article's advice. */
typedef struct gan_advice {
    const char *name;     /* as gan_config_with takes it; NULL: there is nothing to switch on, see `how` */
    const char *sections; /* of the article: "3b, 6e" */
    const char *player;   /* "D", "G" or "both" */
    const char *brief;    /* what it is, and against what */
    const char *paper;    /* arXiv; "" if there is none */
    const char *how;      /* an example for the command line, or where it is done without being asked */
    const char *c;        /* an example in C */
} gan_advice;

/* The index-th row, from 0, in the article's order; NULL behind the last. Static. */
GAN_API const gan_advice *gan_advice_of(int index);

/* Its index-th option with its default value; false behind the last. */
GAN_API bool gan_advice_option(const gan_advice *advice, int index, gan_setting *option);

#ifdef __cplusplus
}
#endif
#endif
