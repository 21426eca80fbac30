#include "op_list.h"

static const gan_op *const table[] = {
#define ROW(op) &op,
    GAN__OP_LIST(ROW)
#undef ROW
};

const gan_op *const *gan_ops(int *count) {
    if (count) *count = (int)(sizeof table / sizeof *table);
    return table;
}
