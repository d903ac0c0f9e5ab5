#include "pitch.h"

double pitch(int note) {
    double hertz = 440.0;
    /* The twelfth root of two, so that nothing but C itself is needed. */
    while (note-- > 0) hertz *= 1.0594630943592953;
    return hertz;
}
