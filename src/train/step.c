/* One training step: the players' turns, with whatever tricks are in use and without naming any. */
#include "step.h"

#include <gan/op.h>
#include <math.h>

#include "latents.h"

/* --- what D sees, and on what --------------------------------------------------------------------------------- */

static gan_tensor *seen(gan_trainer *t, const gan_turn *turn, gan_tensor *x, bool real) {
    for (int i = 0; i < t->n_tricks; i++)
        if (t->tricks[i]->type->see) x = t->tricks[i]->type->see(t->tricks[i], turn, x, real);
    return gan_pack(x, t->opts.pack);
}

static gan_tensor *see(const gan_turn *turn, gan_tensor *x, bool real) { return seen(turn->seer, turn, x, real); }

/* NULL, hence the loss's constant, unless a trick asks for targets. */
static gan_tensor *targets(gan_trainer *t, const gan_turn *turn, double constant, bool real) {
    gan_tensor *target = NULL;
    for (int i = 0; i < t->n_tricks; i++) {
        if (!t->tricks[i]->type->target) continue;
        if (!target) target = gan_full(turn->ctx, gan_shape1(t->opts.batch), constant);
        target = t->tricks[i]->type->target(t->tricks[i], turn, target, real);
    }
    return target;
}

static const gan_set *values(gan_trainer *t, const gan_turn *turn) {
    const gan_set *set = NULL;
    for (int i = 0; i < t->n_tricks && !set; i++)
        if (t->tricks[i]->type->values) set = t->tricks[i]->type->values(t->tricks[i], turn);
    return set;
}

/* D runs once for each input, with all taps that anyone asked for. */
static gan_output judge(gan_trainer *t, const gan_turn *turn, gan_tensor *x, gan_tensor *label) {
    const char *taps[GAN_MAX_TAPS];
    int n = 0;
    for (int i = 0; i < t->n_tricks && n < GAN_MAX_TAPS; i++)
        if (t->tricks[i]->type->tap) taps[n++] = t->tricks[i]->type->tap(t->tricks[i]);
    return gan_module_call(t->D, (gan_input){x, label}, (gan_call_opts){turn->values, taps, n});
}

/* What D says of reals moves with G only through values that do; else it leaves no graph. */
static gan_output judge_reals_for_g(gan_trainer *t, const gan_turn *turn) {
    if (turn->values) return judge(t, turn, turn->real_seen, turn->real.label);
    gan_no_record_begin(turn->ctx);
    gan_output out = judge(t, turn, turn->real_seen, turn->real.label);
    gan_no_record_end(turn->ctx);
    return out;
}

static int64_t updates_of(const gan_trainer *t, const gan_turn *turn) {
    return gan_optim_steps(turn->player == GAN_PLAYER_D ? t->opt_d : t->opt_g);
}

/* The player's loss: the game's own, unless a term stands in its place, and all terms that are due. */
static gan_tensor *with_terms(gan_trainer *t, const gan_turn *turn, gan_tensor *loss, int64_t updates) {
    gan_tensor *sum = NULL;
    bool instead = false;
    for (int i = 0; i < t->n_tricks; i++) {
        gan_trick *trick = t->tricks[i];
        double weight = trick->type->term ? gan__trick_weight(trick, turn->step, updates) : 0;
        gan_tensor *term = weight != 0 ? trick->type->term(trick, turn) : NULL;
        if (!term) continue;
        term = gan_scale(term, weight);
        sum = sum ? gan_add(sum, term) : term;
        instead |= trick->type->instead;
    }
    return !sum ? loss : instead ? sum : gan_add(loss, sum);
}

static bool skipped(gan_trainer *t, const gan_turn *turn) {
    bool skip = false;
    for (int i = 0; i < t->n_tricks; i++)
        if (t->tricks[i]->type->skip) skip |= t->tricks[i]->type->skip(t->tricks[i], turn);
    return skip;
}

static void after(gan_trainer *t, const gan_turn *turn) {
    for (int i = 0; i < t->n_tricks; i++)
        if (t->tricks[i]->type->after) t->tricks[i]->type->after(t->tricks[i], turn);
}

static gan_verdict verdict_of(const gan_turn *turn) {
    return gan__turn_verdict(turn, turn->real_out.y, turn->fake_out.y, turn->fake_label);
}

/* --- the turns ------------------------------------------------------------------------------------------------ */

/* Row i is by generator i mod K: as good as any order to G, but packs, groups of a minibatch layer and halves of a batch would
 * meet the generators in a pattern. So the rows are shuffled, and with them the numbers. */
static void mix(gan_trainer *t, gan_turn *turn) {
    int64_t n = gan_shape_of(turn->latents).d[0];
    gan_tensor *order = gan_empty(turn->ctx, gan_shape1(n)), *made_by = gan_empty(turn->ctx, gan_shape1(n));
    gan_real *p = gan_op_write(order), *number = gan_op_write(made_by);
    if (!p || !number) return;
    for (int64_t i = 0; i < n; i++) {
        int64_t k = gan_stream_below(t->mixture, i + 1);
        p[i] = p[k];
        p[k] = (gan_real)i;
    }
    for (int64_t i = 0; i < n; i++) number[i] = (gan_real)((int64_t)p[i] % t->opts.generators);
    turn->latents = gan_gather(turn->latents, order);
    turn->fake = gan_gather(turn->fake, order);
    turn->fake_label = made_by;
}

static void draw(gan_trainer *t, gan_turn *turn) {
    int64_t n = t->opts.batch * t->opts.pack;
    turn->real = gan_dataset_next(t->data, n);
    turn->latents = gan__latents_draw(&t->opts, t->latents, n);
    turn->fake = gan_forward(t->G, turn->latents);
    if (t->mixture) mix(t, turn);
}

static gan_tensor *turn_of_d(gan_trainer *t, gan_turn *turn, gan_tensor *fake) {
    turn->player = GAN_PLAYER_D;
    turn->fake = fake;
    turn->real_seen = seen(t, turn, turn->real.x, true);
    turn->fake_seen = seen(t, turn, fake, false);
    turn->real_out = judge(t, turn, turn->real_seen, turn->real.label);
    turn->fake_out = judge(t, turn, turn->fake_seen, NULL);
    turn->real_target = targets(t, turn, turn->loss->real_target, true);
    turn->fake_target = targets(t, turn, turn->loss->fake_target, false);
    return with_terms(t, turn, gan_loss_d(turn->loss, verdict_of(turn)), updates_of(t, turn));
}

/* D's loss in a turn that is only imagined, out of one of G's. */
static gan_tensor *imagined_loss_d(const gan_turn *turn, const gan_set *set, int ahead) {
    gan_trainer *t = turn->seer;
    gan_turn of_d = *turn;
    of_d.player = GAN_PLAYER_D;
    of_d.values = set;
    of_d.real_out = judge(t, &of_d, of_d.real_seen, of_d.real.label);
    of_d.fake_out = judge(t, &of_d, of_d.fake_seen, NULL);
    return with_terms(t, &of_d, gan_loss_d(of_d.loss, verdict_of(&of_d)), updates_of(t, &of_d) + ahead);
}

/* `judged`: D's verdicts of its own turn serve this one too. */
static gan_tensor *turn_of_g(gan_trainer *t, gan_turn *turn, gan_tensor *fake, bool judged) {
    turn->player = GAN_PLAYER_G;
    turn->fake = fake;
    if (!judged) turn->fake_seen = seen(t, turn, fake, false);
    turn->values = values(t, turn);
    turn->real_target = turn->fake_target = NULL;
    if (!judged || turn->values) {
        turn->fake_out = judge(t, turn, turn->fake_seen, NULL);
        turn->real_out = (gan_output){0};
        if (t->reads_real_in_g_turn) turn->real_out = judge_reals_for_g(t, turn);
    }
    return with_terms(t, turn, gan_loss_g(turn->loss, verdict_of(turn)), updates_of(t, turn));
}

/* --- one step ------------------------------------------------------------------------------------------------- */

static double mean_of(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    double sum = 0;
    int64_t n = gan_count(t);
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return n ? sum / (double)n : NAN;
}

static void note_d(gan_trainer *t, gan_step_info *info, const gan_turn *turn, gan_tensor *loss) {
    if (t->watcher) gan_watcher_judge(t->watcher, verdict_of(turn), &t->signals);
    info->d_loss = gan_item(loss);
    info->d_real = mean_of(gan_loss_realness(turn->loss, gan_detach(turn->real_out.y)));
    info->d_fake = mean_of(gan_loss_realness(turn->loss, gan_detach(turn->fake_out.y)));
}

static void move_d(gan_trainer *t, gan_turn *turn, gan_tensor *loss, gan_step_info *info) {
    note_d(t, info, turn, loss);
    if (skipped(t, turn)) return;
    gan_optim_step(t->opt_d, loss);
    info->d_grad_norm = gan_optim_grad_norm(t->opt_d);
    after(t, turn);
}

static gan_turn new_turn(gan_trainer *t) {
    gan_turn turn = gan__turn_before(t);
    turn.step = t->steps.value;
    turn.see = see;
    turn.loss_d = imagined_loss_d;
    turn.seer = t;
    return turn;
}

/* G's step with the gradients gathered, and the average's. Tricks may change weights behind the optimiser; without such the
 * average moves in its pass. */
static void apply_g(gan_trainer *t, const gan_turn *of_d, const gan_turn *turn) {
    bool alone = true;
    for (int i = 0; i < t->n_tricks; i++) alone &= !t->tricks[i]->type->after;
    gan_optim_apply_with_ema(t->opt_g, alone ? t->ema : NULL);
    if (of_d) after(t, of_d);
    after(t, turn);
    if (!alone && t->ema) gan_ema_update(t->ema);
}

/* The players in turn. The fakes of D's last turn serve G's as well: one forward of G less. */
void gan__step_in_turn(gan_trainer *t, gan_step_info *info) {
    gan_ctx *ctx = t->object.ctx;
    for (int i = 1; i < t->opts.n_critic; i++) {
        gan_turn turn = new_turn(t);
        gan_scope_begin(ctx);
        gan_no_record_begin(ctx);
        draw(t, &turn);
        gan_no_record_end(ctx);
        move_d(t, &turn, turn_of_d(t, &turn, turn.fake), info);
        gan_scope_end(ctx);
    }
    gan_turn turn = new_turn(t);
    draw(t, &turn);
    gan_tensor *fake = turn.fake;
    move_d(t, &turn, turn_of_d(t, &turn, gan_detach(fake)), info);
    gan_tensor *loss = turn_of_g(t, &turn, fake, false);
    info->g_loss = gan_item(loss);
    gan_optim_add(t->opt_g, loss, 1, false);
    apply_g(t, NULL, &turn);
}

/* Both gradients before either player moves; both losses through one forward of D. */
void gan__step_at_once(gan_trainer *t, gan_step_info *info) {
    gan_turn turn = new_turn(t);
    draw(t, &turn);
    gan_tensor *loss_d = turn_of_d(t, &turn, turn.fake);
    note_d(t, info, &turn, loss_d);
    gan_turn of_d = turn;
    gan_tensor *loss_g = turn_of_g(t, &turn, turn.fake, true);
    bool skip = skipped(t, &of_d);
    if (!skip) gan_optim_add(t->opt_d, loss_d, 1, true);
    gan_optim_add(t->opt_g, loss_g, 1, false);
    if (!skip) gan_optim_apply(t->opt_d);
    apply_g(t, skip ? NULL : &of_d, &turn);
    info->d_grad_norm = skip ? 0 : gan_optim_grad_norm(t->opt_d);
    info->g_loss = gan_item(loss_g);
}
