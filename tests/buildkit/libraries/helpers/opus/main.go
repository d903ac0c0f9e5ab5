// Command opus encodes 20 ms of silence with Debian's libopus and says which version that is.
package main

import (
	"fmt"
	"os"

	"github.com/hraban/opus"
)

func main() {
	encoder, err := opus.NewEncoder(48000, 1, opus.AppAudio)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	packet := make([]byte, 1000)
	size, err := encoder.Encode(make([]int16, 960), packet)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s: %d bytes\n", opus.Version(), size)
}
