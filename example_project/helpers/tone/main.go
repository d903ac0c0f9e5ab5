// Tone draws a note with the C library's random numbers and asks its own C code for the pitch.
package main

/*
#include <stdlib.h>
#include "pitch.h"

// A compiler for the wrong machine would give a wrong size here.
static int pointer_bits(void) { return (int)(sizeof(void *) * 8); }
*/
import "C"

import "fmt"

func main() {
	C.srandom(7)
	note := int(C.random()) % 12
	fmt.Printf("Note %d sounds at %.2f Hz (%d-bit C).\n",
		note, float64(C.pitch(C.int(note))), int(C.pointer_bits()))
}
