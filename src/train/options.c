#include "options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "../io/json.h"

typedef enum option_type { AN_INT, AN_INT64, A_BOOL, A_DOUBLE } option_type;

typedef struct option {
    const char *name;
    size_t offset;
    option_type type;
} option;

#define AT(field) offsetof(gan_trainer_opts, field)
#define OPTIMISER(p)                                                                                                   \
    {#p ".kind", AT(p.kind), AN_INT}, {#p ".lr", AT(p.lr), A_DOUBLE}, {#p ".beta1", AT(p.beta1), A_DOUBLE},            \
        {#p ".beta2", AT(p.beta2), A_DOUBLE}, {#p ".eps", AT(p.eps), A_DOUBLE}, {#p ".alpha", AT(p.alpha), A_DOUBLE},  \
        {#p ".momentum", AT(p.momentum), A_DOUBLE}, {#p ".weight_decay", AT(p.weight_decay), A_DOUBLE},                \
        {#p ".decoupled", AT(p.decoupled), A_BOOL}, {#p ".amsgrad", AT(p.amsgrad), A_BOOL},                            \
        {#p ".clip_norm", AT(p.clip_norm), A_DOUBLE}, {#p ".clip_value", AT(p.clip_value), A_DOUBLE}

#define SCHEDULE(p)                                                                                                    \
    {#p ".kind", AT(p.kind), AN_INT}, {#p ".value", AT(p.value), A_DOUBLE}, {#p ".to", AT(p.to), A_DOUBLE},            \
        {#p ".factor", AT(p.factor), A_DOUBLE}, {#p ".every", AT(p.every), AN_INT64},                                  \
        {#p ".from", AT(p.from), AN_INT64}, {#p ".until", AT(p.until), AN_INT64},                                      \
        {#p ".off_outside", AT(p.off_outside), A_BOOL}, {#p ".warmup", AT(p.warmup), AN_INT64}

static const option options[] = {
    OPTIMISER(g),
    OPTIMISER(d),
    SCHEDULE(g_rate),
    SCHEDULE(d_rate),
    {"loss", AT(loss.kind), AN_INT},
    {"loss.real_target", AT(loss.real_target), A_DOUBLE},
    {"loss.fake_target", AT(loss.fake_target), A_DOUBLE},
    {"loss.gen_target", AT(loss.gen_target), A_DOUBLE},
    {"batch", AT(batch), AN_INT64},
    {"pack", AT(pack), AN_INT},
    {"latent", AT(latent), AN_INT64},
    {"n_critic", AT(n_critic), AN_INT},
    {"simultaneous", AT(simultaneous), A_BOOL},
    {"ema", AT(ema), A_DOUBLE},
    {"ema_start", AT(ema_start), AN_INT64},
};

_Static_assert(sizeof(gan_optim_kind) == sizeof(int) && sizeof(gan_loss_kind) == sizeof(int) &&
                   sizeof(gan_schedule_kind) == sizeof(int),
               "enums are read as ints");

int gan__option_count(void) { return (int)(sizeof options / sizeof *options); }
const char *gan__option_name(int index) { return options[index].name; }

const char *gan__option_text(const gan_trainer_opts *opts, int index, char text[GAN__OPTION_TEXT]) {
    const void *p = (const char *)opts + options[index].offset;
    switch (options[index].type) {
    case AN_INT: snprintf(text, GAN__OPTION_TEXT, "%d", *(const int *)p); break;
    case AN_INT64: snprintf(text, GAN__OPTION_TEXT, "%" PRId64, *(const int64_t *)p); break;
    case A_BOOL: snprintf(text, GAN__OPTION_TEXT, "%s", *(const bool *)p ? "true" : "false"); break;
    case A_DOUBLE:
        snprintf(text, GAN__OPTION_TEXT, "%.17g", *(const double *)p);
        gan__number_to_file(text);
        break;
    }
    return text;
}
