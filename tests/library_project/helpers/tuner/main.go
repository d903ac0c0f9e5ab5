// A library for Python: each function with an `export` comment can be called through C.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"math"
	"runtime"
	"unsafe"
)

// Ready starts Go's scheduler on several threads, as a server would.
//
//export Ready
func Ready() {
	done := make(chan bool)
	for range [4]int{} {
		go func() { done <- true }()
	}
	for range [4]int{} {
		<-done
	}
}

//export Frequency
func Frequency(key C.int) C.double {
	return C.double(440 * math.Pow(2, float64(key-49)/12))
}

// Describe returns text that the caller gives back to Release.
//
//export Describe
func Describe(name *C.char) *C.char {
	return C.CString(fmt.Sprintf("%s on %s/%s", C.GoString(name), runtime.GOOS, runtime.GOARCH))
}

//export Release
func Release(text *C.char) { C.free(unsafe.Pointer(text)) }

func main() {}
