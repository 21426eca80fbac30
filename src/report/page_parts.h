/* What every report has in common: its style, and the script that lets one scrub. */
#ifndef GAN__PAGE_PARTS_H
#define GAN__PAGE_PARTS_H

extern const char gan__page_style[], gan__page_script[];

#endif
