/* Pictures of samples. */
#ifndef GAN_IMAGE_H
#define GAN_IMAGE_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes images [n, h, w, c], c 1 or 3, values [-1, 1] (others are clamped, NaN is mid-grey), as one PNG: `columns` to a row
 * (0: as square as possible), `gap` black pixels between them. Points [n, 2] are drawn as a scatter plot of x to the right and
 * y upwards in [-range, range]^2 (range 0: to fit); points outside and points that are not finite are left out. With
 * groups (classes, generators), images stand in rows by group, each behind a coloured strip with its number, and points have
 * their group's colour. The file appears complete or not at all. */
typedef struct gan_grid_opts {
    int columns;
    int gap;
    double range;
    gan_tensor *group; /* [n], whole numbers 0 to 999; NULL: none */
} gan_grid_opts;
GAN_API gan_status gan_write_grid(gan_tensor *images, const char *path, gan_grid_opts opts);

#ifdef __cplusplus
}
#endif
#endif
