/* What a checkpoint needs of a dataset. The order of an epoch is a function of the seed and the epoch's number, so a position is
 * two numbers, and going there costs one shuffle. */
#ifndef GAN__LOADER_H
#define GAN__LOADER_H

#include <gan/data.h>

/* Of the next training sample: that of the consumer, whatever was decoded ahead. */
typedef struct gan__data_position {
    int64_t epoch;
    int64_t offset; /* samples drawn in this epoch, 0 .. count */
} gan__data_position;

gan__data_position gan__dataset_position(const gan_dataset *d);

/* Raises GAN_E_ARG for a position that the dataset does not have. Rolled back, like any state, by an error before the next
 * commit. */
void gan__dataset_seek(gan_dataset *d, gan__data_position position);

/* One line that says what is drawn from: kind, counts, shape, checksums of the contents (of a folder: of the files' names and
 * sizes) and of the split, but not the path. Two datasets of one identity give the same batches. "" for nil; valid as long as the
 * dataset. */
const char *gan__dataset_identity(const gan_dataset *d);

gan_ctx *gan__dataset_ctx(const gan_dataset *d);

/* Does each sample have a target? */
bool gan__dataset_paired(const gan_dataset *d);

#endif
