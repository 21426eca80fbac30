/* The two LAPACK routines that are used, which OpenBLAS brings without a header. Matrices are Fortran's, column by column; the
 * last arguments are the lengths of the character arguments. */
#ifndef GAN__LAPACK_H
#define GAN__LAPACK_H

#include <stddef.h>

/* Eigenvalues w, ascending, of the symmetric a [n, n] and, for jobz "V", its eigenvectors in place of a. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_length, size_t uplo_length);

/* Singular values s of a [m, n], which is destroyed; for jobz "N" without vectors. */
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu,
             double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info, size_t jobz_length);

#endif
