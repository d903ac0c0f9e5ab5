// Command sqlite asks Debian's libsqlite3 for its version and for a sum.
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var version string
	var sum int
	row := db.QueryRow("select sqlite_version(), 40 + 2")
	if err := row.Scan(&version, &sum); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("sqlite %s: %d\n", version, sum)
}
