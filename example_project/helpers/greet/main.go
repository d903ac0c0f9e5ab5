// Greet says hello and names the architecture it was compiled for.
package main

import (
	"fmt"
	"os"
	"runtime"
)

// version is stamped by the build: -X main.version={version}.
var version = "unknown"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println("greet", version)
		return
	}
	fmt.Println("Hello world!")
	fmt.Printf("Running in [%s] architecture.\n", runtime.GOARCH)
}
