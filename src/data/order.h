/* Orders that are functions of a key and a round alone, so that any position can be reached without having passed the others. */
#ifndef GAN__ORDER_H
#define GAN__ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* Rounds and counts stay below 2^31: together they are the counter of the random numbers. */
#define GAN__ORDER_MAX INT32_MAX

void gan__order_shuffle(const uint32_t key[2], int64_t round, int32_t *items, int64_t count);
bool gan__order_coin(const uint32_t key[2], int64_t round, int64_t item);

#endif
