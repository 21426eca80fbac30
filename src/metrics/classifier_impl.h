/* The classifier from inside. */
#ifndef GAN__CLASSIFIER_IMPL_H
#define GAN__CLASSIFIER_IMPL_H

#include <gan/classifier.h>

/* Raises if it is none, or nil. */
bool gan__is_classifier(gan_module *m, const char *who);

/* Of what is one. */
int64_t gan__classifier_classes(const gan_module *m);
gan_classifier_opts gan__classifier_opts(const gan_module *m); /* with the defaults filled in */
gan_shape gan__classifier_sample(const gan_module *m);         /* what it takes, without n */

/* x [n, h, w, c], each picture moved by its own draw of -shift .. shift pixels down and to the right; what comes into sight is
 * the border again. shift 0: x itself. */
gan_tensor *gan__shifted(gan_tensor *x, int shift, gan_stream *stream);

#endif
