/* Published configurations, filled in: take one, edit any field. */
#ifndef GAN_PRESET_H
#define GAN_PRESET_H

#include <gan/train.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GAN_PRESET_TRICKS 4

typedef struct gan_preset {
    const char *name;  /* NULL: there is no such preset. Static, as the next two */
    const char *paper; /* where its values are from */
    const char *brief;
    gan_trainer_opts trainer;
    gan_dcgan_opts image;                  /* of a pair for images; size and channels are yours to set */
    bool residual;                         /* that pair is gan_resnet_..., not gan_dcgan_... */
    gan_mlp_opts points;                   /* of a pair for points */
    const char *tricks[GAN_PRESET_TRICKS]; /* as gan_trick_parse takes them; NULL behind the last */
} gan_preset;

/* "dcgan", "lsgan", "wgan", "wgan-gp", "dragan", "hinge", "ragan", "rpgan", "sngan", "sagan", "pacgan", "unrolled", "mgan", ...:
 * docs/tricks.md lists them. Where a paper has several settings, those for small images are taken. */
GAN_API gan_preset gan_preset_of(const char *name);
GAN_API const char *gan_preset_name(int index); /* the index-th name, from 0; NULL behind the last. Static */

/* Takes the preset's tricks on, gan_trainer_use for each. */
GAN_API void gan_preset_use(const gan_preset *preset, gan_trainer *t);

#ifdef __cplusplus
}
#endif
#endif
