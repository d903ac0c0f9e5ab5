// Warm imports what go-sqlite3 and query need of Go's standard library, cgo included, and nothing
// else: compiling it leaves only SQLite, its Go binding and the link to be done.
package main

import "C"

import (
	_ "context"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	_ "database/sql"
	_ "errors"
	_ "fmt"
	_ "io"
	_ "log"
	_ "math"
	_ "net/url"
	_ "reflect"
	_ "strconv"
	_ "strings"
	_ "sync"
	_ "syscall"
	_ "time"
	_ "unsafe"
)

func main() {}
