/* What a person looks at: a run folder as one page. */
#ifndef GAN_REPORT_H
#define GAN_REPORT_H

#include <gan/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes into a run folder, from what lies in it (status.json, metrics.jsonl, run.ini and the sample grids, of which each but the
 * log may be missing),
 *   report.html           one file that needs no other and no network: verdict, samples over time, curves, configuration, machine
 *   samples/progress.png  the samples over time, as a picture that moves (APNG), if there are two grids or more
 * Long runs are thinned: both have at most some sixty grids and some ten megabytes. gan_train does this by itself, now and then;
 * the files appear complete or not at all. GAN_E_IO: this is no run folder, or it cannot be written to; GAN_E_FORMAT: a damaged
 * grid. */
GAN_API gan_status gan_report_write(gan_ctx *ctx, const char *run);

#ifdef __cplusplus
}
#endif
#endif
