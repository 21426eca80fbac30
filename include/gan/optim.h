/* Optimisers, gradient clipping and accumulation, and averages of weights. */
#ifndef GAN_OPTIM_H
#define GAN_OPTIM_H

#include <gan/nn.h>
#include <gan/schedule.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_optim gan_optim;
typedef struct gan_ema gan_ema;

typedef enum gan_optim_kind { GAN_ADAM, GAN_RMSPROP, GAN_SGD } gan_optim_kind;

/* All fields count as they are: start from gan_adam(), gan_rmsprop() or gan_sgd() and edit. Formulas are PyTorch's. */
typedef struct gan_optim_opts {
    gan_optim_kind kind;
    double lr;           /* >= 0 */
    double beta1, beta2; /* Adam (1412.6980), in [0, 1) */
    double eps;          /* Adam, RMSProp: added to the root */
    double alpha;        /* RMSProp: smoothing of the squares */
    double momentum;     /* SGD, RMSProp */
    double weight_decay; /* L2: lambda*w is added to the gradient; biases and norm parameters excepted */
    bool decoupled;      /* Adam: decay w by lr*lambda*w instead (1711.05101) */
    bool amsgrad;        /* Adam: the largest second moment so far (Reddi et al. 2018) */
    double clip_norm;    /* > 0: gradients are scaled down to this joint 2-norm before the step (1211.5063) */
    double clip_value;   /* > 0: each gradient element is clamped to +-this, before clip_norm */
} gan_optim_opts;

/* Each fills in the other kinds' constants as well: .kind can be edited alone. */
GAN_API gan_optim_opts gan_adam(double lr);    /* beta .5, .999 (DCGAN's), eps 1e-8 */
GAN_API gan_optim_opts gan_rmsprop(double lr); /* alpha .99, eps 1e-8 */
GAN_API gan_optim_opts gan_sgd(double lr, double momentum);

/* An optimiser of the parameters that m has now; m must outlive it. Owned by the context. */
GAN_API gan_optim *gan_optim_new(gan_module *m, gan_optim_opts opts);
GAN_API void gan_optim_free(gan_optim *o);

/* Minimises: differentiates loss (one element) for the module's parameters, steps once, and releases the graph that it
 * differentiated. Parameters that the loss does not depend on stay as they are, weight decay included; a loss that depends on
 * none of them is GAN_E_GRAPH. A loss, gradient or new value that is not finite is GAN_E_NONFINITE, naming the parameter. After
 * an error nothing has changed; in a failed context nothing happens. Returns the context's status. */
GAN_API gan_status gan_optim_step(gan_optim *o, gan_tensor *loss);

/* The same, but the graph stays, for a second loss through the same forward. */
GAN_API gan_status gan_optim_step_retain(gan_optim *o, gan_tensor *loss);

/* The two halves, for accumulation and for players that step at once. gan_optim_add differentiates scale*loss and adds
 * to the gradients gathered so far; gan_optim_apply steps with them and forgets them (without any: GAN_E_STATE). An error
 * forgets them too: the step begins anew. */
GAN_API gan_status gan_optim_add(gan_optim *o, gan_tensor *loss, double scale, bool retain);
GAN_API gan_status gan_optim_apply(gan_optim *o);

/* gan_optim_apply and gan_ema_update in one pass over the weights; the same numbers as one after the other. Either both happen or,
 * after an error, neither. e NULL: gan_optim_apply alone. */
GAN_API gan_status gan_optim_apply_with_ema(gan_optim *o, gan_ema *e);

GAN_API double gan_optim_lr(const gan_optim *o);
GAN_API void gan_optim_set_lr(gan_optim *o, double lr);
GAN_API int64_t gan_optim_steps(const gan_optim *o);      /* taken so far */
GAN_API double gan_optim_grad_norm(const gan_optim *o);   /* joint 2-norm of the last gradients, before clipping */

/* Exponential moving average of all parameters and buffers of m: avg = decay*avg + (1-decay)*value for floating ones, a
 * copy for integer ones. Starts as a copy. */
typedef struct gan_ema_opts {
    double decay;  /* in [0, 1) */
    int64_t start; /* updates during which it follows the values exactly */
} gan_ema_opts;
/* Owned by the context; m must outlive it. */
GAN_API gan_ema *gan_ema_new(gan_module *m, gan_ema_opts opts);
GAN_API void gan_ema_free(gan_ema *e);
GAN_API void gan_ema_update(gan_ema *e); /* after the optimiser's step; all of it or, after an error, nothing */
GAN_API const gan_set *gan_ema_set(const gan_ema *e); /* for gan_forward_with; owned by e; NULL for nil */

#ifdef __cplusplus
}
#endif
#endif
