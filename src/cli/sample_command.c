#include "commands.h"
static int run_sample(const command *self, int argc, char **argv) {
    (void)argc, (void)argv;
    return usage_error(self, "x");
}
const command sample_command = {"sample", "", "", "", run_sample};
