/* The settings of a run, and the tables that name them. */
#ifndef GAN__SETTINGS_H
#define GAN__SETTINGS_H

#include <gan/config.h>

enum { GAN__PATH = GAN_SETTING_TEXT };

typedef enum gan__model_kind { GAN__MODEL_AUTO, GAN__MODEL_DCGAN, GAN__MODEL_RESNET, GAN__MODEL_MLP } gan__model_kind;

typedef struct gan__settings {
    /* the run */
    int64_t seed;
    int threads;
    char out[GAN__PATH];
    gan_train_opts train; /* `out` is set from the one above */
    int64_t eval_samples;
    char eval_classifier[GAN__PATH];

    /* the data */
    char path[GAN__PATH], labels[GAN__PATH];
    int64_t size; /* height and width where those are 0 */
    int64_t points;
    gan_image_opts image_data;

    /* the nets */
    int model;     /* gan__model_kind */
    bool residual; /* which pair for images GAN__MODEL_AUTO means */
    gan_dcgan_opts image;
    gan_mlp_opts points_net;

    gan_trainer_opts trainer;
} gan__settings;

/* Tables whose options are in gan__settings, each with the place of its struct there; ends with a table of NULL. */
typedef struct gan__settings_table {
    const gan_option *options;
    size_t offset;
    bool twin; /* its names stand in an earlier table as well */
} gan__settings_table;
extern const gan__settings_table gan__settings_tables[];

/* Those of nets for images and those of nets for points; what is not in both changes nothing in the other kind. */
extern const gan_option gan__settings_of_images[], gan__settings_of_points[];

/* The n-th option of this name (those of nets stand in two structs), with the place of its struct; NULL: there are no more. */
const gan_option *gan__settings_find(const char *name, int n, size_t *offset);

void gan__settings_fill(gan__settings *s); /* with the defaults */
void gan__settings_preset(gan__settings *s, const gan_preset *preset);

/* May a run's checkpoint not outlive a change of this setting? */
bool gan__settings_fixed(const char *name);

#endif
