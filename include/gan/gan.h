/* libgan: generative adversarial networks in C.
 *
 *   api.h         export macro, gan_real
 *   option.h      fields of option structs by name
 *   status.h      status codes
 *   context.h     the context: errors, memory, scopes
 *   random.h      named random streams
 *   tensor.h      tensors and gradients
 *   op.h          ops of one's own, gradient check
 *   ops.h         the differentiable ops
 *   nn.h          modules, layers, initialisers
 *   optim.h       optimisers, averages of weights
 *   loss.h        adversarial losses
 *   schedule.h    weights and rates that change with the steps
 *   data.h        datasets and batches
 *   models.h      ready-made generators and discriminators
 *   image.h       sample grids
 *   checkpoint.h  weights in files
 *   trick.h       how a trick is written
 *   tricks.h      the ready-made ones
 *   metrics.h     how good samples are
 *   classifier.h  a classifier to measure them by
 *   judge.h       all measures at once, beside real data
 *   watch.h       failure seen early
 *   report.h      a run as one page
 *   train.h       the trainer
 *   preset.h      published configurations
 *   config.h      a run in words
 *
 * A first program is in README.md, a guide in docs/guide.md, numbered examples in examples/. */
#ifndef GAN_GAN_H
#define GAN_GAN_H

#include <gan/checkpoint.h>
#include <gan/classifier.h>
#include <gan/config.h>
#include <gan/context.h>
#include <gan/data.h>
#include <gan/image.h>
#include <gan/judge.h>
#include <gan/loss.h>
#include <gan/metrics.h>
#include <gan/models.h>
#include <gan/nn.h>
#include <gan/op.h>
#include <gan/ops.h>
#include <gan/option.h>
#include <gan/optim.h>
#include <gan/preset.h>
#include <gan/random.h>
#include <gan/report.h>
#include <gan/schedule.h>
#include <gan/status.h>
#include <gan/tensor.h>
#include <gan/train.h>
#include <gan/trick.h>
#include <gan/tricks.h>
#include <gan/watch.h>

#endif
