#include <gan/status.h>

static const struct {
    const char *name, *text;
} statuses[] = {
#define ROW(code, text) {#code, text},
    GAN_STATUS_LIST(ROW)
#undef ROW
};

const char *gan_status_text(gan_status status) {
    return (unsigned)status < GAN_STATUS_COUNT ? statuses[status].text : "unknown status";
}

const char *gan_status_name(gan_status status) {
    return (unsigned)status < GAN_STATUS_COUNT ? statuses[status].name : "GAN_E_UNKNOWN";
}
