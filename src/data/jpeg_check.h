/* A look at a JPEG file before stb_image reads it. */
#ifndef GAN__JPEG_CHECK_H
#define GAN__JPEG_CHECK_H

#include <stdbool.h>
#include <stdio.h>

/* False if a Huffman table of the file has more than 256 codes, which makes stb_image (to 2.27 at least) write past its tables.
 * header: looks at what comes before the frame only, as stbi_info does. True for what is no JPEG file. Leaves f at its start. */
bool gan__jpeg_tables_sound(FILE *f, bool header);

#endif
