/* The watcher from inside. */
#ifndef GAN__WATCHER_IMPL_H
#define GAN__WATCHER_IMPL_H

#include "watch_record.h"

enum { GAN__SIGNALS = sizeof(gan_watch_signals) / sizeof(double), GAN__IN_USE = 512 };

/* Sums over the steps of a record under way, and what goes on from record to record: doubles throughout, so that it is a row of
 * numbers in checkpoints. */
typedef struct gan__window {
    double steps, bad_steps;
    double sum[GAN__SIGNALS], square[GAN__SIGNALS], most[GAN__SIGNALS], known[GAN__SIGNALS];
    double real_target, fake_target; /* moving means */
    double own_sum, own_known;
    double bad_in_row, bad_since;
    double patient_from;
} gan__window;

enum { GAN__WINDOW_FIELDS = sizeof(gan__window) / sizeof(double) };

struct gan_watcher {
    gan__object object;
    gan_watch_opts opts;
    char in_use[GAN__IN_USE];
    gan__window now;
    gan__watch_record look; /* the latest, until the record under way takes it */
    gan__history past;
    char bad[GAN__MESSAGE]; /* what was not finite */
    gan_watch_verdict verdict;
};

/* Reads the verdict off the history. */
gan_watch_verdict gan__watch_read(const gan_watcher *w);

/* Of a kind of verdict, in the article's order; those that make no sense for the loss are left out. */
void gan__watch_remedies(const gan_watcher *w, gan_watch_verdict *v);

/* For the trainer: the history's last record if it was completed by the latest step; NULL: none was. */
const gan__watch_record *gan__watcher_fresh(const gan_watcher *w, int64_t step);

/* Forgets steps that were not taken since the last one that was, as if they had not been tried; the verdict stays. */
void gan__watcher_forget_bad_steps(gan_watcher *w);

/* Takes a whole record, as read from a log. */
void gan__watcher_take(gan_watcher *w, gan__watch_record r);

/* State for checkpoints: `rows` of `fields` doubles each, in three parts. */
typedef struct gan__watch_state {
    const char *name;
    int64_t rows, fields;
    double *values;
} gan__watch_state;
enum { GAN__WATCH_STATES = 3 };
void gan__watcher_state(gan_watcher *w, gan__watch_state parts[GAN__WATCH_STATES]);

/* After values have been read into the parts' places: the history has so many records. False: so many it cannot have. */
bool gan__watcher_restored(gan_watcher *w, int64_t records);

#endif
