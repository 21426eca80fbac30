/* What lies in a run folder, read for its report. */
#ifndef GAN__RUN_DATA_H
#define GAN__RUN_DATA_H

#include <cjson/cJSON.h>

#include "../io/file_bytes.h"
#include "chart.h"
#include "sample_files.h"

enum { GAN__CHARTS = 12 };
extern const gan__chart gan__charts[GAN__CHARTS];

/* A change of verdict on the way. */
typedef struct gan__turn {
    int64_t step;
    char text[512];
} gan__turn;

enum { GAN__TURNS = 32 }; /* of very many the last */

typedef struct gan__run_data {
    gan_ctx *ctx;
    const char *who;
    char path[GAN__RUN_PATH]; /* of the folder, without slashes at its end */
    char name[GAN__RUN_PATH]; /* its own */
    cJSON *status;            /* NULL: there is none */
    gan__bytes ini;           /* none: no p */
    gan__curve *curves;       /* GAN__CHART_LINES to each chart */
    gan__sample_files samples;
    int64_t last;                /* the latest step that anything tells of */
    gan__turn turns[GAN__TURNS]; /* the i-th is turns[i % GAN__TURNS] */
    int64_t n_turns;
} gan__run_data;

/* False: raised; free it in any case. */
bool gan__run_data_read(gan_ctx *ctx, gan__run_data *r, const char *run, const char *who);
void gan__run_data_free(gan__run_data *r);

/* Something of the status: "" and `without` if it is not told. */
const char *gan__status_text(const cJSON *object, const char *key);
double gan__status_number(const cJSON *object, const char *key, double without);

/* A setting's value out of run.ini; "" if it is not told. Several of one name (tricks) with a comma between. */
void gan__ini_value(gan__bytes ini, const char *name, char *value, size_t size);

#endif
